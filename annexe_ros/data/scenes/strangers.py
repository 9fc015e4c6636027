"""Names of things that no generated scene has: whoever asks for one of them is told that it isn't there.

A model that is only asked for what it knows takes every other name for one of these. Words that might be meant for a
known thing (glass, jug, stool, drawer) are no strangers. Every fourth name is kept away from training.
"""

from __future__ import annotations

_NAMES = """
accordion, air pump, alarm clock, antenna, apple, apron, aquarium, avocado, axe, baby, backpack, bagel, balloon,
banana, bandage, banjo, barbecue, basket, basketball, bath mat, bathtub, battery, bear, bee, belt, bicycle, binder,
bird, biscuit, blender, board game, boat, book, bookmark, boomerang, boot, bracelet, bridge, broccoli, broom, brush,
bulldozer, burger, bus, butterfly, cactus, cake, calculator, calendar, camera, candle, cap, carrot, castle, cat,
cauliflower, cello, chainsaw, charger, cheese, cherry, chess board, chicken, chisel, chocolate bar, church, cigarette,
clarinet, clipboard, clock, cloud, coat, coconut, coin, comb, compass, cookie, cork, corkscrew, cow, crane, crayon,
credit card, croissant, crown, cucumber, cupcake, curtain, cushion, dart, diamond, dice, diary, dinosaur, dog, doll,
dolphin, donut, door handle, dragon, dress, drill, drum, duck, dumbbell, ear, earring, egg, elephant, envelope,
eraser, escalator, eye, face, fan, feather, fence, fire extinguisher, fireplace, fish, flag, flashlight, flower,
flute, folder, foot, football, fork, fountain, fox, fridge, frog, funnel, game controller, garlic, gate, ghost,
giraffe, glove, glue stick, goat, gorilla, grape, grater, guitar, hair dryer, hairbrush, ham, hammer, hammock,
handbag, harmonica, harp, hat, headset, hedgehog, helicopter, helmet, hole punch, hook, horse, hose, hot dog, house,
ice cream, ice cube, insect, iron, ironing board, jacket, jigsaw, joystick, juicer, key, kite, kiwi, koala, ladder,
ladle, lawn mower, leaf, leash, lemon, letter, lettuce, light switch, lighter, lion, lipstick, lizard, lollipop,
magnet, magnifying glass, mango, map, marker, match, measuring tape, medal, melon, microphone, microscope, microwave,
milk carton, mirror, mobile phone, monkey, mop, motorcycle, mousetrap, muffin, mushroom, nail, napkin, necklace,
needle, newspaper, onion, oven, owl, padlock, paintbrush, painting, palm tree, pancake, panda, paper plane, paperclip,
parachute, parrot, peach, peanut, pear, pen, pencil, penguin, pepper mill, phone, photo, piano, picture frame, pig,
pillow, pineapple, pizza, plate, plug, plum, pocket watch, postcard, potato, power bank, power drill, power strip,
present, printer, pumpkin, puppet, purse, puzzle, rabbit, racket, radiator, radio, rake, razor, refrigerator, remote
control, ribbon, rice cooker, ring, robot, rocket, rolling pin, rope, rubber band, rubber duck, ruler, sail, salad,
salt shaker, sandwich, saucer, sausage, saw, saxophone, scale, scarf, screw, screwdriver, shark, sheep, ship, shirt,
shoe, shovel, shower, sink, skateboard, skirt, skull, sledge, slipper, smartphone, snail, snake, snowman, soap, sock,
soldering iron, spatula, speaker, spider, sponge, spoon, stamp, statue, stethoscope, sticker, stopwatch, stove,
strawberry, string, suitcase, sunflower, surfboard, swan, sweater, sword, syringe, tablet, tape, teabag, teddy bear,
telephone, telescope, television, tennis ball, tent, thermometer, thread, ticket, tie, tiger, toaster, toilet, tomato,
toothbrush, toothpaste, tortoise, towel, tractor, traffic light, train, tree, tripod, trombone, trophy, trumpet,
turtle, typewriter, umbrella, vacuum cleaner, violin, volleyball, waffle, wallet, washing machine, watch,
watering can, watermelon, whale, wheelchair, whisk, whistle, whiteboard, wig, wolf, worm, wrench, yoghurt, yo-yo,
zebra, zipper
"""

NAMES = tuple(" ".join(name.split()) for name in _NAMES.split(","))
UNHEARD = NAMES[::4]
"""Names that training never hears: those of the other splits."""
HEARD = tuple(name for name in NAMES if name not in UNHEARD)


def strangers_of(split: str) -> tuple[str, ...]:
    """Return the names that a split's questions may use."""
    return HEARD if split == "train" else UNHEARD
