"""Names in and around Larkhaven: coined from parts, and each dealt to exactly one pool.

A name's pool follows from the name alone, so that whoever coins names for pretraining, for training or
for testing can never coin the same one.
"""

import random
import re
import zlib
from collections.abc import Callable

POOLS = {"pretraining": range(0, 5), "train": range(5, 8), "validation": range(8, 9), "test": range(9, 10)}

HEADS = (
    "Ash Alder Bram Birk Bryn Cald Corm Crow Dray Dun Ebb Elm Ester Fal Farn Fen Garr Gor Gris Har Hazel Hest "
    "Ing Iver Jas Jun Kel Kirr Lind Lor Mar Mer Moss Nor Nett Oak Ost Ov Pell Prim Quill Quen Ras Rook Rush Sed "
    "Sel Stav Tarn Thorn Tib Ul Um Vane Vell Wex Whit Wil Yar Yew Zel"
).split()
TAILS = (
    "by ton wick mere stead low croft combe ford ley den hurst mouth dale worth gate holm well bury shaw man son "
    "field brook more land"
).split()
ADJECTIVES = (
    "Amber Brass Blue Broken Bright Copper Crooked Dancing Drowsy Eager Early Empty Faithful Fallen Flying Gentle "
    "Gilded Golden Green Grey Happy Hidden Hollow Honest Humble Idle Iron Ivory Jolly Late Laughing Little Lucky "
    "Merry Painted Patient Quiet Red Restless Running Rusty Silent Silver Singing Sleepy Speckled Striped Tall "
    "Velvet Wandering White Wild Winding Young"
).split()
NOUNS = (
    "Acorn Anchor Apple Badger Barrel Bell Boot Bridge Candle Cat Clock Cloud Crane Crown Dolphin Drum Duck Falcon "
    "Feather Fiddle Fox Gate Goose Hare Harp Hat Heron Horse Jug Kettle Key Kite Ladder Lamp Lantern Lark Lemon "
    "Lion Magpie Mill Moon Mole Needle Oar Otter Owl Oyster Pear Pigeon Plough Ram Raven Robin Rose Saddle Sail "
    "Ship Spoon Star Swan Thistle Tiger Trout Wagon Wheel Whistle Willow Wolf"
).split()
FIRST_NAMES = (
    "Ada Agnes Albert Alma Amos Anna Basil Bea Bruno Carl Cora Daniel Dora Edith Edwin Elsa Emil Esther Felix Flora "
    "Frank Greta Gus Hanna Henry Hugo Ida Iris Ivan Jack Jane Jonas Julia Karl Kate Laura Leo Lena Lucy Mabel Max "
    "Mina Nell Nora Olga Oscar Otto Paula Percy Rita Rosa Ruth Sam Silas Tess Theo Tom Una Vera Victor Walter Wanda"
).split()
LANDMARKS = (
    "Bridge Fountain Tower Steps Chapel Lighthouse Pier Market Gate Well Mill Arches Square Station Windmill Stairs "
    "Weir Monument Baths Orchard"
).split()
SYLLABLES = (
    "ba be bi bo da de do du fa fi go ga ha he jo ka ki ko la le li lo lu ma me mi mo na ne no nu pa pe po ra re ri ro "
    "ru sa se si so ta te ti to tu va ve vi wa we wi ya yo za zo"
).split()
ENDINGS = "n r l s th nd rk m x sh st".split() + [""] * 8


def pool_of(name: str) -> str:
    """The pool that `name` belongs to: "pretraining", "train", "validation" or "test"."""
    bucket = zlib.crc32(name.encode()) % 10
    return next(pool for pool, buckets in POOLS.items() if bucket in buckets)


def coin(rng: random.Random, make: Callable[[random.Random], str], pool: str) -> str:
    """Draw from `make` until the name belongs to `pool`."""
    while pool_of(name := make(rng)) != pool:
        pass
    return name


def surname(rng: random.Random) -> str:
    """A family name or village: "Quillby", "Farnmere"."""
    return re.sub(r"(.)\1\1", r"\1\1", rng.choice(HEADS) + rng.choice(TAILS))


def word(rng: random.Random) -> str:
    """A word of no language, "Tamerik": it can only be copied, never guessed."""
    return ("".join(rng.choice(SYLLABLES) for _ in range(rng.randint(2, 3))) + rng.choice(ENDINGS)).capitalize()


def person(rng: random.Random) -> str:
    """ "Ada Quillby"."""
    return f"{rng.choice(FIRST_NAMES)} {surname(rng)}"


def sign(rng: random.Random) -> str:
    """A name as painted on a sign: "The Copper Heron"."""
    return f"The {rng.choice(ADJECTIVES)} {rng.choice(NOUNS)}"


def landmark(rng: random.Random) -> str:
    """A place to meet at: "Quillby Fountain"."""
    return f"{surname(rng)} {rng.choice(LANDMARKS)}"


def village(rng: random.Random) -> str:
    """A part of some town: "Farnmere", "Tamerik"."""
    return surname(rng) if rng.random() < 0.7 else word(rng)
