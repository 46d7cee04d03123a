"""The vocabulary of Azure's meter names, as data: every word has one role, and an unknown word has none.

Where the spellings come from: `docs/prices.md`.
"""

from typing import Final, Literal, NamedTuple

Kind = Literal[
    "input",
    "cached_input",
    "cache_write",
    "output",
    "audio_input",
    "audio_output",
    "cached_audio_input",
    "image_input",
    "image_output",
    "cached_image_input",
    "image",
    "video_second",
    "audio_hour",
    "training_hour",
    "training_token",
    "hosting_hour",
    "ptu_hour",
    "session",
    "storage_gb_day",
    "tool_call",
]
Tier = Literal["standard", "batch", "priority", "flex"]
Context = Literal["short", "long"]
Scope = Literal["global", "datazone", "regional", "legacy"]
Step = Literal["rate", "meter-id", "meter-name", "snapshot"]

KINDS: Final[tuple[Kind, ...]] = (
    "input",
    "cached_input",
    "cache_write",
    "output",
    "audio_input",
    "audio_output",
    "cached_audio_input",
    "image_input",
    "image_output",
    "cached_image_input",
    "image",
    "video_second",
    "audio_hour",
    "training_hour",
    "training_token",
    "hosting_hour",
    "ptu_hour",
    "session",
    "storage_gb_day",
    "tool_call",
)
TIERS: Final[tuple[Tier, ...]] = ("standard", "batch", "priority", "flex")

PER: Final[dict[str, str]] = {
    "image": "1 image",
    "video_second": "1 second",
    "audio_hour": "1 hour",
    "training_hour": "1 hour",
    "hosting_hour": "1 hour",
    "ptu_hour": "1 PTU hour",
    "ptu_month": "1 PTU month",
    "session": "1 session",
    "storage_gb_day": "1 GB day",
    "tool_call": "1 call",
    "character": "1 character",
}


def per(kind: str) -> str:
    """What one unit of a kind is; tokens unless said otherwise."""
    return PER.get(kind, "1 token")


class Word(NamedTuple):
    """A word's role in a name, and what it says in that role."""

    role: str
    says: str


def _words(role: str, **spellings: str) -> dict[str, Word]:
    return {word: Word(role, says) for says, words in spellings.items() for word in words.split()}


# Several words that mean one thing together. They are joined before any word is read on its own.
PHRASES: Final[tuple[tuple[tuple[str, ...], str], ...]] = (
    (("speech", "text", "to", "speech"), "texttospeech"),
    (("speech", "to", "text", "batch", "whisper"), "whisper"),
    (("assistants", "file", "search"), "assistantsfilesearch"),
    (("file", "search", "tool", "calls"), "filesearchcall"),
    (("code", "interpreter"), "codeinterpreter"),
    (("provisioned", "managed"), "provisionedmanaged"),
    (("provisioned", "throughput"), "provisionedthroughput"),
    (("deployment", "hosting"), "hosting"),
    (("fine", "tuned"), "ft"),
    (("fine", "tuning"), "ft"),
    (("text", "embedding"), "embedding"),
    (("text", "embeddings"), "embedding"),
    (("deep", "research"), "deepresearch"),
    (("computer", "use"), "computeruse"),
    (("model", "router"), "modelrouter"),
    (("data", "zone"), "datazone"),
    (("data", "zn"), "datazone"),
    (("dall", "e"), "dalle"),
    (("short", "co"), "shortco"),
    (("long", "co"), "longco"),
    (("short", "context"), "shortco"),
    (("long", "context"), "longco"),
    (("high", "res"), "highres"),
    (("low", "res"), "lowres"),
)

WORDS: Final[dict[str, Word]] = {
    **_words("scope", **{"global": "glbl gl glb global", "regional": "regnl rgnl regn rg regional"}),
    **_words("scope", datazone="dz dzone dzn datazone"),
    **_words("tier", batch="batch", priority="pp prty priority", flex="flex fl"),
    **_words("standard", standard="std standard"),
    **_words("context", short="shortco shco", long="longco loco"),
    **_words("direction", input="inp inpt input in", output="outp outpt out output opt"),
    **_words("cached", cached="cached cchd cched ccchd cd"),
    **_words("write", write="wr write"),
    **_words("modality", audio="audio aud", image="image img", text="text txt"),
    **_words("tuning", ft="ft", rft="rft", developer="dev", hosting="hosting hstng"),
    **_words("tuning", training="training trng", grader="grader grdr"),
    **_words("stem", gpt="gpt", mini="mini mn", nano="nano", pro="pro", turbo="turbo trb", oss="oss"),
    **_words("stem", realtime="realtime rtime rt", transcribe="transcribe tcrb trscb trscrb", tts="tts"),
    **_words("stem", diarize="diarize d", translate="translate", whisper="whisper", live="live"),
    **_words("stem", chat="chat", latest="latest", codex="codex", max="max", preview="preview prvw"),
    **_words("stem", instruct="instruct", vision="vision", router="modelrouter", research="deepresearch"),
    **_words("stem", computer="computeruse", embedding="embedding embeddings", large="large", small="small"),
    **_words("stem", ada="ada", babbage="babbage", curie="curie", davinci="davinci", cushman="cushman"),
    **_words("stem", sora="sora", dalle="dalle", speech="texttospeech"),
    **_words("variant", highres="highres", lowres="lowres", square="sq", hd="hd", available="available"),
    **_words("tool", session="codeinterpreter", storage_gb_day="assistantsfilesearch"),
    **_words("tool", tool_call="filesearchcall"),
    **_words("ptu", managed="provisionedmanaged", legacy="provisionedthroughput"),
    **dict.fromkeys(("tokens", "tkn"), Word("unit", "token")),
    **_words("unit", unit="unit units", session="session", gb="gb", image="images"),
    **_words("unit", character="characters", second="second video", call="calls", million="1m"),
    **_words("filler", extra="ep", reasoning="rsng", base="base", overage="overage"),
    **_words("grading", model="model mdl mdel"),
    **_words("cloud", usgov="az"),
}

# Two short words in one, which cutting by length would not dare.
CONTRACTED: Final[dict[str, tuple[str, str]]] = {"cdwr": ("cd", "wr"), "cdinp": ("cd", "inp")}

# Words that may be written without a space between them (`gpt4omini`, `realtimePrvwAudInp`); short ones would
# be found inside any word.
GLUED: Final[frozenset[str]] = frozenset(
    word
    for word, meaning in WORDS.items()
    if len(word) >= 3
    and meaning.role in {"stem", "direction", "modality", "tier", "cached", "scope", "context"}
)

# A code name must not look like one of these: `cachd` is a misspelt word of the grammar, not a new model.
CLASS_ROLES: Final = frozenset(
    {"scope", "tier", "context", "direction", "cached", "write", "modality", "tuning", "unit"}
)

# Models of before the chat era bill prompt and completion by one meter.
ONE_PRICE: Final = frozenset({"babbage", "davinci", "curie", "cushman"})

# These families say in every token meter which modality it counts.
MODAL: Final = frozenset({"realtime", "transcribe", "tts", "live"})

# Azure's model names end in -preview here, its meters mostly do not. `o1-preview` is another model than `o1`.
SILENT_PREVIEW: Final = frozenset({"realtime", "audio", "computer", "4.5"})
