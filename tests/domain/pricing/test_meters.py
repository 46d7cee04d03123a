"""A meter's name is read whole or refused."""

from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.pricing import MeterMeaning, OutOfScope, Refused, parse_meter

PLAIN, FIVE, SIX, MEDIA = "Azure OpenAI", "Azure OpenAI GPT5", "Azure OpenAI GPT6", "Azure OpenAI Media"
REASONING, TUNED, OSS = "Azure OpenAI Reasoning", "Azure OpenAI PP FT GPT4s", "Azure OpenAI OSS Models"

# product, name, unit -> stem words, version, scope, kind, tier, context, tuning
READ = {
    "spaces": (PLAIN, "gpt 4o 0806 Inp Data Zone Tokens", "1K", "gpt 4o|0806|datazone|input|standard||"),
    "dashes": (PLAIN, "gpt-4o-0806-Outp-glbl Tokens", "1K", "gpt 4o|0806|global|output|standard||"),
    "glued stem": (
        PLAIN,
        "gpt4omini-rt-aud1217 cchd Inp DZn Tokens",
        "1K",
        "gpt 4o mini realtime|1217|datazone|cached_audio_input|standard||",
    ),
    "glued camel case": (
        PLAIN,
        "gpt4o realtimePrvwAudOutp DataZone Tokens",
        "1K",
        "gpt 4o realtime||datazone|audio_output|standard||",
    ),
    "glued version and tier": (
        PLAIN,
        "gpt 4o mini0718 BatchOutp DataZone Tokens",
        "1K",
        "gpt 4o mini|0718|datazone|output|batch||",
    ),
    "dotless with a space": (
        FIVE,
        "54 nano Inp Flex Gl 1M Tokens",
        "1M",
        "gpt 5.4 nano||global|input|flex||",
    ),
    "dotless and glued": (
        FIVE,
        "56luna ShCo Opt Fl Gl 1M Tokens",
        "1M",
        "gpt 5.6 luna||global|output|flex|short|",
    ),
    "a generation alone": (FIVE, "5 pp cd inp Gl 1M Tokens", "1M", "gpt 5||global|cached_input|priority||"),
    "reasoning said twice": (
        FIVE,
        "GPT 5 Rsng cchd Inpt DZone 1M Tokens",
        "1M",
        "gpt 5||datazone|cached_input|standard||",
    ),
    "cache write": (
        SIX,
        "6.1-sol ShortCo Cd Wr Std Gl 1M Tokens",
        "1M",
        "gpt 6.1 sol||global|cache_write|standard|short|",
    ),
    "a code name of tomorrow": (
        "Azure OpenAI GPT7",
        "7.1 nova LongCo Cd Inp Std DZ 1M Tokens",
        "1M",
        "gpt 7.1 nova||datazone|cached_input|standard|long|",
    ),
    "a dotless code name of tomorrow": (
        "Azure OpenAI GPT7",
        "71nova LoCo Inp Fl Gl 1M Tokens",
        "1M",
        "gpt 7.1 nova||global|input|flex|long|",
    ),
    "a live model": (MEDIA, "gpt-live-1 Audio cd inp Gl 1M Tokens", "1M", "gpt 1 live||global|cached_audio_input|standard||"),
    "words in full": (
        FIVE,
        "5.6 luna Short Context Cached Input Standard Global 1M Tokens",
        "1M",
        "gpt 5.6 luna||global|cached_input|standard|short|",
    ),
    "a contraction": (FIVE, "56sol ShCo CdWr Fl Gl 1M Tokens", "1M", "gpt 5.6 sol||global|cache_write|flex|short|"),
    "a stem of tomorrow": ("Azure OpenAI GPT7", "GPT7 inp Gl 1M Tokens", "1M", "gpt 7||global|input|standard||"),
    "version behind": (
        MEDIA,
        "gpt rt aud mn cd in gl 1215 1M Tokens",
        "1M",
        "gpt mini realtime|1215|global|cached_audio_input|standard||",
    ),
    "version with its year": (
        FIVE,
        "chat-latest 05282026 cd inp Gl 1M Tokens",
        "1M",
        "gpt chat latest|2026-05-28|global|cached_input|standard||",
    ),
    "text of an audio model": (
        PLAIN,
        "gpt-4o-aud-1217-txt Inp glbl Tokens",
        "1K",
        "gpt 4o audio|1217|global|input|standard||",
    ),
    "audio of an audio model": (
        PLAIN,
        "gpt-4o-aud-1217 Inp glbl Tokens",
        "1K",
        "gpt 4o audio|1217|global|audio_input|standard||",
    ),
    "image of a realtime model": (
        MEDIA,
        "gpt-realtime-2.1 Image cd inp DZ 1M Tokens",
        "1M",
        "gpt 2.1 realtime||datazone|cached_image_input|standard||",
    ),
    "image of an image model": (
        MEDIA,
        "Image 2 img Batch opt Gl 1M Tokens",
        "1M",
        "gpt 2 image||global|image_output|batch||",
    ),
    "text of an image model": (
        MEDIA,
        "gpt img 1.5 in cd txt DZ 1M Tokens",
        "1M",
        "gpt 1.5 image||datazone|cached_input|standard||",
    ),
    "diarizing": (
        MEDIA,
        "gpt 4o tcrb d aud inp rgnl Tokens",
        "1K",
        "gpt 4o diarize transcribe||regional|audio_input|standard||",
    ),
    "whisper is not batch": (
        PLAIN,
        "Speech-to-Text-Batch-Whisper-glbl Unit",
        "1 Hour",
        "whisper||global|audio_hour|standard||",
    ),
    "old window": (
        PLAIN,
        "gpt-35-turbo-16K-0125 Input-regional Tokens",
        "1K",
        "gpt 16k 3.5 turbo|0125|regional|input|standard||",
    ),
    "three figures of a version": (
        PLAIN,
        "gpt-35-trb16K-Batch-125-Inp-glbl Tokens",
        "1K",
        "gpt 16k 3.5 turbo|0125|global|input|batch||",
    ),
    "fine-tuned": (
        PLAIN,
        "gpt-4o-0806-cached-FT-inp-regnl Tokens",
        "1K",
        "gpt 4o|0806|regional|cached_input|standard||inference",
    ),
    "developer tier": (
        PLAIN,
        "gpt-4.1-dev-ft opt glbl Tokens",
        "1K",
        "gpt 4.1||global|output|standard||developer",
    ),
    "hosting": (TUNED, "4.1 mini ft hosting Dz Unit", "1 Hour", "gpt 4.1 mini||datazone|hosting_hour|standard||hosting"),
    "hosting of an open model": (
        OSS,
        "20b FT regnl Deployment Hosting Unit",
        "1/Hour",
        "gpt 20b oss||regional|hosting_hour|standard||hosting",
    ),
    "training tokens": (
        PLAIN,
        "gpt-35-turbo16K-FT-Trng-regnl tkn Tokens",
        "1K",
        "gpt 16k 3.5 turbo||regional|training_token|standard||training",
    ),
    "training hours": (
        REASONING,
        "o4 mini rft training Dz Unit",
        "1 Hour",
        "o4 mini||datazone|training_hour|standard||training",
    ),
    "grader": (PLAIN, "gpt-4.1-nano-ft mdl grdr opt Tokens", "1K", "gpt 4.1 nano|||output|standard||grader"),
    "embedding": (PLAIN, "text-embedding-3-large-glbl Tokens", "1K", "3 embedding large||global|input|standard||"),
    "research": (
        REASONING,
        "o3-deep research 0626-inp-cchd-dzone 1M Tokens",
        "1M",
        "o3 research|0626|datazone|cached_input|standard||",
    ),
    "computer use": (PLAIN, "computer-use-outp-rgnl Tokens", "1K", "computer||regional|output|standard||"),
    "provisioned": (PLAIN, "Provisioned Managed Data Zone Unit", "1/Hour", "||datazone|ptu_hour|standard||"),
    "a session": (PLAIN, "Code-Interpreter-regnl EP Session", "1", "||regional|session|standard||"),
    "storage": (PLAIN, "Assistants-File Search-glbl GB", "1/Day", "||global|storage_gb_day|standard||"),
    "tool calls": (PLAIN, "file-search-tool-calls-glbl Calls", "1K", "||global|tool_call|standard||"),
    "images": (PLAIN, "Image-DALL-E-2-glbl Images", "100", "2 dalle||global|image|standard||"),
    "seconds": (MEDIA, "Sora 2 dzone Second", "1", "2 sora||datazone|video_second|standard||"),
}  # fmt: skip

REFUSED = {
    "unknown word in front": (FIVE, "hyper 5.4 inp Gl 1M Tokens", "1M", "unknown word 'hyper'"),
    "unknown word behind": (FIVE, "5.4 inp hyper Gl 1M Tokens", "1M", "unknown word 'hyper'"),
    "misspelt word of the grammar": (FIVE, "5.4 cachd inp Gl 1M Tokens", "1M", "unknown word 'cachd'"),
    "two deployments": (FIVE, "5.4 inp Dz Gl 1M Tokens", "1M", "scope twice"),
    "two tiers": (FIVE, "5.4 Batch inp Flex Gl 1M Tokens", "1M", "tier twice"),
    "standard and priority": (FIVE, "5.4 inp Std PP Gl 1M Tokens", "1M", "tier twice"),
    "two directions": (FIVE, "5.4 inp opt Gl 1M Tokens", "1M", "direction twice"),
    "a torn phrase": (OSS, "Hosting FT regnl 20b Deployment Unit", "1/Hour", "unknown word 'deployment'"),
    "half a phrase": (FIVE, "5.4 zone inp Gl 1M Tokens", "1M", "unknown word 'zone'"),
    "no direction": (FIVE, "5.4 Gl 1M Tokens", "1M", "neither input nor output"),
    "cached output": (FIVE, "5.4 cd opt Gl 1M Tokens", "1M", "cached output"),
    "write alone": (FIVE, "5.6 luna Wr Gl 1M Tokens", "1M", "cache write"),
    "dotless of another generation": (SIX, "54 inp Gl 1M Tokens", "1M", "unknown word '54'"),
    "the unit contradicts the name": (FIVE, "5.4 inp Gl 1M Tokens", "1K", "the name says 1M"),
    "a unit nobody knows": (FIVE, "5.4 inp Gl Tokens", "1 Furlong", "unit '1 Furlong'"),
    "no modality": (MEDIA, "gpt-realtime-2 inp Gl 1M Tokens", "1M", "of what it counts"),
    "no model": (FIVE, "inp Gl 1M Tokens", "1M", "no model"),
    "government word elsewhere": (PLAIN, "GPT4-Az-Turbo-128K Input Tokens", "1K", "in front"),
    "an hour of something": (FIVE, "5.4 inp Gl Unit", "1 Hour", "does not say what runs"),
    "tuned tokens without a direction": (OSS, "20b FT regnl Tokens", "1K", "neither input nor output"),
}

OTHERS = {
    "partner": ("Azure Grok Models", "Grok 4 Inp glbl Tokens", "1K"),
    "a partner's throughput": ("Azure Llama Models", "Provisioned Managed Global Unit", "1/Hour"),
    "a name that only begins like ours": ("Azure OpenAIish Models", "5.4 inp Gl Tokens", "1K"),
    "free": ("Azure OpenAI Free Meter", "Standard Unit", "1/Hour"),
}


def as_text(meaning: MeterMeaning) -> str:
    parts = [" ".join(meaning.stem), meaning.version, meaning.scope, "+".join(meaning.kinds), meaning.tier]
    return "|".join(part or "" for part in [*parts, meaning.context, meaning.tuning])


@pytest.mark.parametrize(("product", "name", "unit", "expected"), READ.values(), ids=READ)
def test_a_name_is_read_word_by_word(product: str, name: str, unit: str, expected: str) -> None:
    meaning = parse_meter(product, name, unit)

    assert isinstance(meaning, MeterMeaning), meaning
    assert expected == as_text(meaning)


@pytest.mark.parametrize(("product", "name", "unit", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_name_that_is_not_understood_whole_is_refused(
    product: str, name: str, unit: str, reason: str
) -> None:
    meaning = parse_meter(product, name, unit)

    assert isinstance(meaning, Refused), meaning
    assert reason in meaning.reason


@pytest.mark.parametrize(("product", "name", "unit"), OTHERS.values(), ids=OTHERS)
def test_products_of_others_are_out_of_scope(product: str, name: str, unit: str) -> None:
    assert isinstance(parse_meter(product, name, unit), OutOfScope)


@pytest.mark.parametrize(
    ("unit", "divisor"), {"1K": 1000, "1M": 1_000_000, "10K": 10_000, "1": 1, "100": 100}.items()
)
def test_units_are_normalised_per_row(unit: str, divisor: int) -> None:
    meaning = parse_meter(PLAIN, "gpt-4o-0806-Inp-glbl Tokens", unit)

    assert isinstance(meaning, MeterMeaning)
    assert Decimal(divisor) == meaning.divisor


def test_government_meters_are_marked() -> None:
    meaning = parse_meter(PLAIN, "Az-GPT4-Turbo-128K Input Tokens", "1K")

    assert isinstance(meaning, MeterMeaning)
    assert ("usgov", None) == (meaning.cloud, meaning.scope)


def test_variants_that_no_question_can_ask_for_are_kept_apart() -> None:
    meaning = parse_meter(MEDIA, "Sora 1080p Sq 11-15s glbl Video", "1 Second")

    assert isinstance(meaning, MeterMeaning)
    assert ("1080p", "11to15s", "square") == meaning.variant


def test_reservations_are_of_provisioned_throughput_only() -> None:
    product = "Azure AI Foundry Provisioned Throughput Reservation"

    assert isinstance(
        parse_meter(product, "Provisioned Managed Global Unit", "1/Hour", "Reservation"), MeterMeaning
    )
    assert isinstance(parse_meter(PLAIN, "gpt-4o-0806-Inp-glbl Tokens", "1K", "Reservation"), Refused)
    assert isinstance(parse_meter(PLAIN, "gpt-4o-0806-Inp-glbl Tokens", "1K", "Spot"), OutOfScope)


CASES = st.sampled_from([(product, name, unit) for product, name, unit, _ in READ.values()])


@given(CASES, st.randoms(use_true_random=False))
def test_letter_case_and_separators_never_change_a_meaning(
    case: tuple[str, str, str], chance: Random
) -> None:
    product, name, unit = case
    written = "".join(
        chance.choice((letter.lower(), letter.upper())) if letter.isalpha() else
        (chance.choice(" -_") if letter == " " else letter)
        for letter in name
    )  # fmt: skip

    again = parse_meter(product, written, unit)

    assert isinstance(again, Refused) or parse_meter(product, name, unit) == again


@given(CASES, st.data())
def test_the_order_of_words_never_changes_a_meaning_silently(
    case: tuple[str, str, str], data: st.DataObject
) -> None:
    product, name, unit = case
    shuffled = " ".join(data.draw(st.permutations(name.split())))

    again = parse_meter(product, shuffled, unit)

    assert isinstance(again, Refused) or parse_meter(product, name, unit) == again


@given(CASES, st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=9), st.integers(0, 9))
def test_a_word_more_is_never_overlooked(case: tuple[str, str, str], word: str, place: int) -> None:
    product, name, unit = case
    words = name.split()
    words.insert(place, word)
    before, after = parse_meter(product, name, unit), parse_meter(product, " ".join(words), unit)

    harmless = {"ep", "base", "rsng", "preview", "prvw", "std", "gpt", "unit", "units", "tokens", "tkn"}
    assert after != before or word in harmless


@given(st.text(max_size=60), st.sampled_from(["1K", "1M", "1 Hour", "1", ""]))
def test_any_text_is_answered(name: str, unit: str) -> None:
    assert isinstance(parse_meter(FIVE, name, unit), (MeterMeaning, Refused))
