"""Makes cherimoya.zip: small networks as Cherimoya saves them, and what it answers.

pip install cherimoya==0.3.1 && python tests/plugins/bpnet/make_cherimoya.py
"""

import zipfile
from pathlib import Path

import cherimoya
import numpy as np
import torch

WINDOW = 160
FORMS = {
    "plain": {"n_filters": 6, "n_layers": 3},
    "stranded": {"n_filters": 4, "n_layers": 2, "signal_groups": [2], "n_control_tracks": 2,
                 "expansion": 3, "residual_scale": 0.5, "trimming": 60},
}  # fmt: skip


def main():
    """Write cherimoya.zip beside this file."""
    torch.manual_seed(1)
    codes = np.random.default_rng(0).integers(0, 4, (3, WINDOW)).astype(np.uint8)
    codes[1, 30:37] = 4
    letters = np.vstack([np.eye(4), np.zeros((1, 4))])[codes].astype(np.float32).swapaxes(1, 2)
    target = Path(__file__).with_name("cherimoya.zip")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as zipped, torch.no_grad():
        for name, settings in FORMS.items():
            network = cherimoya.Cherimoya(compile=False, **settings).eval()
            for parameter in network.parameters():
                parameter.normal_(0, 0.3)
            answers = cherimoya.ControlWrapper(network)(torch.from_numpy(letters.copy()))
            files = Path(f"{name}.torch"), Path(f"{name}.npz")
            network.save(files[0])
            profile, counts = (answer.numpy() for answer in answers)
            np.savez(files[1], codes=codes, counts=counts, profile=profile)
            for file in files:
                zipped.write(file)
                file.unlink()


if __name__ == "__main__":
    main()
