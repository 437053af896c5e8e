"""The words the engine knows, and what each asks for."""

from __future__ import annotations


def _index(table: dict[str, str]) -> dict[str, str]:
    return {word: meaning for meaning, words in table.items() for word in words.split()}


# The hour first, then the weather, then the season: where several are named, the first one rules.
LIGHTS = _index(
    {
        "neon": "neon cyberpunk synthwave vaporwave retrowave cyber blade-runner",
        "night": "night midnight nocturnal moonlit moonlight starry nighttime starlight "
        "fireworks halloween northern-lights aurora fireflies",
        "sunset": "sunset sundown sunsets",
        "dusk": "dusk twilight evening gloaming",
        "dawn": "dawn sunrise daybreak morning",
        "storm": "storm stormy thunder lightning thunderstorm tempest dramatic noir",
        "winter": "winter snow snowy snowing christmas frozen ice icy frost frosty january "
        "december february blizzard arctic",
        "overcast": "overcast gloomy fog foggy mist misty haze hazy rain rainy raining drizzle",
        "golden": "golden-hour autumn autumnal fall harvest warm honey september october november",
        "vintage": "vintage retro nostalgic antique seventies 70s 60s 50s",
        "pastel": "pastel soft dreamy dream gentle kawaii spring blossom april may baby fairy cute",
        "day": "day noon sunny daylight bright summer midday july june august clear",
    }
)

PLACES = _index(
    {
        "mountains": "mountain mountains alps alpine peak peaks summit cliff cliffs valley "
        "himalaya fjord volcano canyon",
        "sea": "sea ocean beach coast shore waves wave island bay harbor harbour lake river "
        "sailing seaside lagoon surf pond port pier",
        "forest": "forest woods woodland jungle rainforest grove pines woodlands wilderness",
        "desert": "desert dune dunes sahara oasis sand savanna sandy egypt",
        "city": "city skyline street downtown metropolis urban town skyscraper skyscrapers "
        "cityscape tokyo york london paris rooftop avenue alley village market",
        "room": "room interior indoors kitchen bedroom livingroom cafe office desk "
        "table window windowsill library apartment restaurant sofa couch",
        "space": "space galaxy cosmos cosmic universe nebula orbit interstellar outer-space "
        "planets stars-field mars stratosphere alien",
        "underwater": "underwater reef coral seabed deep-sea aquarium submarine",
        "meadow": "meadow field fields hill hills garden park grass countryside prairie farm "
        "pasture grassland landscape vineyard lawn flowers picnic",
        "studio": "studio product packaging pedestal plinth podium isolated minimal minimalist "
        "portrait icon logo advertisement commercial backdrop mockup close-up closeup",
        "abstract": "abstract pattern geometric shapes bauhaus wallpaper texture gradient "
        "fractal poster typography collage",
    }
)

# Words that mean a room even where open country is named as well: its view, a picture of it.
ROOMS = frozenset({"room", "interior", "indoors", "kitchen", "bedroom", "livingroom", "office"})

WEATHER = _index(
    {
        "rain": "rain rainy raining rainfall drizzle downpour storm stormy thunderstorm wet",
        "snow": "snow snowy snowing snowfall blizzard snowflake snowflakes",
        "fog": "fog foggy mist misty haze hazy smoke smoky",
        "stars": "starry stars star-filled milky",
        "clouds": "cloud clouds cloudy overcast",
        "aurora": "aurora borealis northern-lights",
        "lightning": "lightning thunder thunderstorm",
        "rainbow": "rainbow",
        "confetti": "confetti party celebration birthday festive carnival celebrate",
        "fireworks": "fireworks firework new-year",
        "petals": "petals blossom blossoms sakura",
        "leaves": "leaves autumn autumnal fall",
        "fireflies": "fireflies firefly magic magical enchanted fairy",
    }
)

SUBJECTS = _index(
    {
        "tree": "tree oak maple elm willow birch blossom apple-tree",
        "pine": "pine fir spruce christmas-tree conifer evergreen cedar",
        "palm": "palm coconut",
        "flower": "flower daisy sunflower blossom-flower poppy bloom",
        "tulip": "tulip rose bouquet lotus lily orchid",
        "cactus": "cactus cacti succulent",
        "mushroom": "mushroom toadstool fungi",
        "plant": "plant fern monstera houseplant sprout leaf bonsai",
        "house": "house cottage cabin barn hut chalet farmhouse bungalow villa bakery",
        "castle": "castle palace fortress kingdom",
        "lighthouse": "lighthouse beacon",
        "windmill": "windmill mill",
        "tower": "tower skyscraper building pagoda temple church cathedral eiffel",
        "tent": "tent camp camping campsite",
        "sailboat": "boat sailboat sail yacht sailing dinghy catamaran",
        "ship": "ship steamer ferry vessel cruise",
        "car": "car automobile sedan taxi cab vehicle convertible beetle porsche ferrari",
        "bus": "bus van camper minibus truck lorry caravan tram train locomotive",
        "bicycle": "bicycle bike cycle motorcycle scooter cyclist",
        "rocket": "rocket spaceship spacecraft shuttle missile starship",
        "plane": "plane airplane aeroplane jet aircraft",
        "balloon": "balloon hot-air-balloon airship zeppelin",
        "ufo": "ufo saucer aliens",
        "cat": "cat kitten kitty tabby feline",
        "dog": "dog puppy hound corgi poodle labrador retriever pug husky dachshund",
        "fox": "fox foxes vixen",
        "rabbit": "rabbit bunny hare",
        "bear": "bear teddy",
        "panda": "panda",
        "lion": "lion lioness",
        "tiger": "tiger",
        "wolf": "wolf wolves coyote",
        "mouse": "mouse mice hamster",
        "owl": "owl",
        "bird": "bird sparrow robin dove pigeon parrot crow raven swallow hummingbird eagle "
        "hawk falcon finch seagull gull duck swan chicken flamingo",
        "penguin": "penguin",
        "fish": "fish goldfish salmon koi trout tuna shark",
        "whale": "whale dolphin orca",
        "butterfly": "butterfly moth butterflies dragonfly bee",
        "deer": "deer stag elk moose reindeer horse unicorn pony giraffe cow zebra",
        "elephant": "elephant mammoth rhino hippo",
        "person": "person man boy guy gentleman traveler traveller hiker king businessman "
        "people human figure chef wizard knight warrior samurai detective friend sailor "
        "farmer teacher doctor artist musician dancer couple",
        "woman": "woman girl lady queen princess bride mother ballerina witch model goddess",
        "astronaut": "astronaut cosmonaut spaceman",
        "robot": "robot android bot cyborg droid mech",
        "cup": "cup mug coffee tea espresso latte cappuccino cocoa teacup",
        "bottle": "bottle perfume wine potion flask lotion vase jar shampoo",
        "book": "book books novel notebook diary",
        "lamp": "lamp candle lightbulb",
        "streetlamp": "streetlight lamppost streetlamp lantern",
        "umbrella": "umbrella parasol",
        "chair": "chair armchair throne stool bench sofa couch",
        "cake": "cake cupcake birthday-cake pie pastry dessert",
        "apple": "apple cherry tomato peach-fruit fruit pumpkin lemon plum pear",
        "gift": "gift present box parcel package",
        "guitar": "guitar violin ukulele cello banjo",
        "camera": "camera photograph photographer polaroid",
        "clock": "clock watch alarm hourglass",
        "screen": "computer laptop tv television monitor phone smartphone tablet screen display",
        "heart": "heart love valentine hearts",
        "star": "star",
        "crown": "crown tiara",
        "planet": "planet saturn jupiter mars globe earth world venus neptune",
        "moon": "moon crescent",
        "sneaker": "sneaker shoe boot sneakers shoes trainer boots",
        "icecream": "icecream ice-cream gelato sundae",
        "burger": "burger hamburger cheeseburger sandwich",
        "pizza": "pizza",
        "diamond": "diamond gem crystal jewel ruby sapphire",
        "kite": "kite",
        "sign": "sign signboard billboard storefront signpost placard banner board chalkboard "
        "marquee",
    }
)

COUNTS = {
    "two": 2, "pair": 2, "couple": 2, "three": 3, "trio": 3, "four": 4, "five": 5, "six": 6,
    "seven": 7, "several": 4, "many": 6, "few": 3, "some": 3, "dozen": 7, "group": 4, "flock": 6,
    "herd": 4, "swarm": 6, "bunch": 4, "row": 5, "lots": 6, "2": 2, "3": 3, "4": 4, "5": 5,
    "6": 6, "7": 7, "8": 7,
}  # fmt: skip

# What is said in two or three words is read as one.
PHRASES = {
    "golden hour": "golden-hour",
    "hot air balloon": "hot-air-balloon",
    "hot-air balloon": "hot-air-balloon",
    "northern lights": "northern-lights",
    "ice cream": "ice-cream",
    "christmas tree": "christmas-tree",
    "apple tree": "apple-tree",
    "birthday cake": "birthday-cake",
    "outer space": "outer-space",
    "deep sea": "deep-sea",
    "living room": "livingroom",
    "close up": "close-up",
    "blade runner": "blade-runner",
    "new year": "new-year",
    "black and white": "monochrome",
    "black & white": "monochrome",
    "black-and-white": "monochrome",
    "pixel art": "pixel-art",
    "light bulb": "lightbulb",
    "street light": "streetlight",
    "lamp post": "lamppost",
    "spring blossom": "blossom",
}

STYLES = _index(
    {
        "grayscale": "monochrome noir grayscale greyscale b&w",
        "sepia": "sepia daguerreotype",
        "pixelate": "pixel-art pixel 8-bit 8bit pixelated",
        "sketch": "sketch pencil drawing line-art charcoal",
    }
)

PLURALS = {"mice": "mouse", "geese": "goose", "wolves": "wolf", "leaves": "leaves",
           "people": "person", "men": "man", "women": "woman", "children": "boy",
           "cacti": "cactus", "butterflies": "butterfly", "fishes": "fish"}  # fmt: skip


def singular(word: str) -> tuple[str, bool]:
    """Return the base form of an English noun, and whether it was a plural."""
    if word in PLURALS:
        return PLURALS[word], word != "leaves"
    if word in SUBJECTS or word.endswith("ss") or len(word) < 4:
        return word, False
    for ending, base in (("ies", "y"), ("xes", "x"), ("shes", "sh"), ("ches", "ch"), ("s", "")):
        if word.endswith(ending) and (word[: -len(ending)] + base) in SUBJECTS:
            return word[: -len(ending)] + base, True
    return word, False
