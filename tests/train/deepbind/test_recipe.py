"""Recipes are read strictly."""

from importlib.resources import files
from pathlib import Path

import msgspec
import pytest

from regplug.train.deepbind.recipe import DeepBindRecipe, read_recipe


@pytest.fixture
def recipe_path(tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_text("steps = 500\nfilters = 8\n")
    return path


def test_settings_change_the_file(recipe_path):
    recipe = read_recipe(recipe_path, ["steps=300", "hidden=[4]"])
    assert (recipe.steps, recipe.hidden, recipe.filters) == (300, (4,), 8)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("step=3", "step"),
        ('steps="3"', "steps"),
        ("steps=0", "steps"),
        ("dropout=[1.5]", "dropout"),
        ("hidden=[]", "hidden"),
        ("rounds=31", "31 rounds for 30 settings"),
        ("checkpoints=600", "600 checkpoints in 500 steps"),
        ("learning_rate=[0.1, 0.01]", r"learning_rate: 0\.1 is above 0\.01"),
    ],
)
def test_a_bad_setting_is_refused(recipe_path, setting, said):
    with pytest.raises(msgspec.ValidationError, match=said):
        read_recipe(recipe_path, [setting])


def test_the_published_recipe_is_the_paper_s():
    path = Path(str(files("regplug.train") / "recipes" / "deepbind_published.toml"))
    recipe = read_recipe(path)
    assert recipe.sampler == "random"
    assert (recipe.settings, recipe.rounds, recipe.finals) == (30, 1, 6)
    assert msgspec.structs.replace(recipe, sampler="tpe", rounds=3) == DeepBindRecipe()
