"""The words the engine knows, and what each asks for."""

from __future__ import annotations


def _index(table: dict[str, str]) -> dict[str, str]:
    return {word: meaning for meaning, words in table.items() for word in words.split()}


# Time of day, then weather, then season: of several in a prompt the first one applies.
LIGHTS = _index(
    {
        "neon": "neon cyberpunk synthwave",
        "night": "night midnight moonlit moonlight starry fireflies",
        "sunset": "sunset",
        "dusk": "dusk twilight evening",
        "dawn": "dawn sunrise morning",
        "storm": "storm stormy thunderstorm",
        "winter": "winter snow snowy snowing snowfall icy frosty blizzard",
        "overcast": "overcast gloomy fog foggy mist misty haze hazy rain rainy raining drizzle",
        "golden": "golden-hour autumn autumnal warm",
        "vintage": "vintage retro",
        "pastel": "pastel soft dreamy spring",
        "day": "day noon sunny daylight bright summer midday clear",
    }
)

PLACES = _index(
    {
        "mountains": "mountain mountains alps peak peaks",
        "sea": "sea ocean beach coast shore seaside waves cliff cliffs",
        "forest": "forest woods woodland",
        "city": "city skyline cityscape",
        "room": "room livingroom",
        "space": "space galaxy nebula",
        "studio": "studio pedestal plinth podium",
    }
)
# Things in a scene, and the places that have them.
FEATURES = {
    "lake": {"mountains"}, "river": {"city"}, "street": {"city"}, "sun": set(PLACES.values()),
    "moon": set(PLACES.values()), "sky": set(PLACES.values()), "window": {"room"}, "rug": {"room"},
    "floor": {"room"}, "earth": {"space"}, "planet": {"space"}, "planets": {"space"},
    "water": {"sea"}, "trees": {"forest", "mountains"},
    "path": {"forest"}, "buildings": {"city"}, "wall": {"room"}, "backdrop": {"studio"},
}  # fmt: skip

WEATHER = _index(
    {
        "rain": "rain rainy raining drizzle storm stormy thunderstorm",
        "snow": "snow snowy snowing snowfall blizzard",
        "fog": "fog foggy mist misty haze hazy",
        "stars": "starry stars",
        "clouds": "cloud clouds cloudy overcast",
        "leaves": "leaves autumn autumnal",
        "fireflies": "fireflies firefly",
    }
)

SUBJECTS = _index(
    {
        "lighthouse": "lighthouse",
        "boat": "boat sailboat dinghy",
        "van": "van camper minibus",
        "balloon": "balloon hot-air-balloon",
        "cat": "cat kitten kitty tabby",
        "dog": "dog puppy",
        "fox": "fox vixen",
        "wolf": "wolf",
        "astronaut": "astronaut cosmonaut",
        "bottle": "bottle perfume",
        "chair": "armchair",
        "sign": "sign signboard billboard",
    }
)

# Phrases that are read as one word.
PHRASES = {
    "golden hour": "golden-hour",
    "hot air balloon": "hot-air-balloon",
    "hot-air balloon": "hot-air-balloon",
    "living room": "livingroom",
}

# Words that add nothing to draw.
PLAIN = _index(
    {
        "": "a an the this that it it's its of in on at by with and or over under above below "
        "behind near beside from to into through across for as is are be there between front "
        "against among poster says saying reads reading words word text titled title sailing "
        "sitting standing floating flying parked driving resting one single lone little small big "
        "large tall old calm quiet still cozy cosy cute friendly beautiful pretty lovely peaceful "
        "serene simple minimal minimalist minimalistic dramatic cinematic detailed realistic "
        "photorealistic stylized flat modern light lit lights low high deep dark distant starlit "
        "glass product photo photograph photography film picture image shot view scene landscape "
        "illustration painting drawing art style render 4k 8k hd 35mm please around while very"
    }
)
