"""Writes orchard.csv: 300 invented apples, the same ones on every run.

No real apple was measured. Every number below comes from a seeded random generator and
from the few rules in this file, which are meant to be read: they are the truth that the
lessons try to recover. Run it in this folder with `python make_orchard.py`.
"""

import csv
import math
import random
from pathlib import Path

SEED = 1871
TREES = 60
APPLES_PER_TREE = 5
COLUMNS = [
    "apple",
    "tree",
    "variety",
    "days",
    "diameter_mm",
    "height_mm",
    "mass_g",
    "firmness_n",
    "sugar_brix",
    "redness_pct",
    "stored_days",
    "ready",
]
# variety: (diameter in mm, height/diameter, day of ripeness, brix, newton, redness)
VARIETIES = {
    "Amber": (72.0, 0.90, 131, 0.5, -3.0, -14.0),
    "Briar": (62.0, 0.99, 138, -0.3, 7.0, 4.0),
    "Cinder": (80.0, 0.83, 134, -0.2, -2.0, 14.0),
}
DENSITY = 0.82  # grams per cubic centimetre: apples float


def pick(rng, tree, variety, tree_size, tree_sun):
    """One apple of one tree, as a dictionary of unrounded values."""
    diameter, shape, due, brix, newton, red = VARIETIES[variety]
    days = rng.randint(108, 156)
    ripeness = (days - due) / 10 + tree_sun + rng.gauss(0, 0.45)
    diameter = diameter + tree_size + 0.12 * (days - 132) + rng.gauss(0, 4.0)
    height = shape * diameter + rng.gauss(0, 1.6)
    volume = math.pi / 6 * diameter**2 * height / 1000
    mass = DENSITY * volume * (1 + rng.gauss(0, 0.03)) + rng.gauss(0, 1.5)
    is_ready = rng.random() < 1 / (1 + math.exp(-2.6 * (ripeness - 0.25)))
    redness = 46 + 12 * ripeness + red + rng.gauss(0, 9)
    return {
        "tree": tree,
        "variety": variety,
        "days": days,
        "diameter_mm": round(diameter, 1),
        "height_mm": round(height, 1),
        "mass_g": round(mass, 1),
        "firmness_n": round(
            72 + newton - 5.5 * ripeness + rng.gauss(0, 3.5), 1
        ),
        "sugar_brix": round(
            11.6 + brix + 0.75 * ripeness + rng.gauss(0, 0.45), 1
        ),
        "redness_pct": ""
        if rng.random() < 0.07
        else round(min(100, max(0, redness))),
        # Ready apples are sold within three days; the others wait in the cellar.
        "stored_days": rng.randint(0, 3) if is_ready else rng.randint(2, 12),
        "ready": int(is_ready),
    }


def orchard():
    """All apples in the order in which they were picked."""
    rng = random.Random(SEED)
    apples = []
    for tree in range(1, TREES + 1):
        variety = rng.choices(["Amber", "Briar", "Cinder"], weights=[5, 4, 4])[
            0
        ]
        tree_size, tree_sun = rng.gauss(0, 2.5), rng.gauss(0, 0.5)
        apples += [
            pick(rng, tree, variety, tree_size, tree_sun)
            for _ in range(APPLES_PER_TREE)
        ]
    apples.sort(key=lambda apple: (apple["days"], apple["tree"]))
    return [
        {"apple": number, **apple}
        for number, apple in enumerate(apples, start=1)
    ]


if __name__ == "__main__":
    target = Path(__file__).with_name("orchard.csv")
    with target.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(orchard())
