"""Recipes are read strictly."""

from importlib.resources import files
from pathlib import Path

import msgspec
import pytest

from regplug.train.recipe import read_recipe


@pytest.fixture
def recipe_path(tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_text('targets = ["MYC"]\nscan = 36\n')
    return path


def test_settings_change_the_file(recipe_path):
    recipe = read_recipe(recipe_path, ["epochs=3", 'targets=["SP1"]'])
    assert (recipe.targets, recipe.epochs, recipe.scan) == (("SP1",), 3, 36)


@pytest.mark.parametrize("setting", ["epoch=3", 'epochs="3"', "epochs=0", "dropout=[1.5]"])
def test_a_bad_setting_is_refused(recipe_path, setting):
    with pytest.raises(msgspec.ValidationError, match=r"epoch|dropout"):
        read_recipe(recipe_path, [setting])


def test_the_shipped_recipe_is_valid():
    recipe = read_recipe(Path(str(files("regplug.train") / "recipes" / "deepbind_encode.toml")))
    assert len(recipe.targets) == 10
    assert recipe.scan == int(1.5 * recipe.length)
