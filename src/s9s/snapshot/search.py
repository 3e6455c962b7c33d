"""Words to jobs and other things, best first: every word counts, wherever it stands.

What is searched is a view of a moment that nobody changes, so that a thread can do it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from s9s.domain.jobs import Job
from s9s.snapshot.columns import VALUES, Columns
from s9s.snapshot.rows import Rows
from s9s.snapshot.texts import EXACT, PREFIX, KeptTexts, MendedTexts, Texts, Weights, mended_at_most
from s9s.snapshot.vocabulary import Codes

Flags = npt.NDArray[np.bool_]

#: Columns of jobs that words are looked for in, and what each is worth.
JOB_FIELDS: Final = {
    "job_name": 1.0, "user": 0.95, "account": 0.8, "partition": 0.75, "status": 0.7, "qos": 0.6,
    "reservation": 0.6,
}  # fmt: skip
#: What a name is worth beside everything else that is said of a thing.
_OTHERS: Final = 0.7
#: Who is over counts a little less.
FINISHED: Final = 0.93

#: Words of a question that count, and their lengths.
MAX_WORDS: Final = 8
MAX_WORD: Final = 64
_SHORTEST_TYPO: Final = 4
_LEAST_LIKENESS: Final = 0.7
_LIKE_WORDS: Final = 3
#: What a word is worth that is only meant.
_MEANT: Final = 0.6


class Hits(NamedTuple):
    """The best places in a view, best first, their scores in 0..1, and how many there are in all."""

    places: list[int]
    scores: list[float]
    total: int


NO_HITS: Final = Hits([], [], 0)


def words_of(question: str) -> list[str]:
    """The distinct words, in lower case."""
    return list(dict.fromkeys(word[:MAX_WORD] for word in question.lower().split()))[:MAX_WORDS]


class JobView:
    """The jobs of a table at one moment, by slot.

    Args:
        columns: Copied as far as needed.
        chosen: Slots of the jobs that are searched, latest submission first.
        texts: Kept from one view to the next, by column: the version of a vocabulary and its texts then.
    """

    def __init__(self, columns: Columns, chosen: Rows, texts: dict[str, tuple[int, Texts]]) -> None:
        self._chosen = chosen
        self._codes: dict[str, Codes] = {name: columns.codes(name).copy() for name in JOB_FIELDS}
        self._ids = columns.numbers("numeric_id").copy()
        self._families = columns.numbers("array_job_id").copy()
        self._kept = texts
        self._texts: dict[str, Texts | MendedTexts] = {}
        self._anew: dict[str, tuple[int, list[Any]]] = {}
        self._mended: dict[str, tuple[Texts, dict[int, Any], int]] = {}
        for name in JOB_FIELDS:
            vocabulary = columns.vocabularies[name]
            version, base = texts.get(name, (-1, None))
            most = mended_at_most(len(vocabulary))
            changed = None if base is None else vocabulary.changed_since(version, most)
            if base is None or changed is None:
                self._anew[name] = vocabulary.version, list(vocabulary.values)
            else:
                values = {code: vocabulary.values[code] for code in changed}
                self._mended[name] = base, values, len(vocabulary)
        statuses = columns.vocabularies["status"].values
        over = np.array([bool(status) and status[0].is_finished for status in statuses])
        self._worth = np.where(over, FINISHED, 1.0).astype(np.float32)

    def prepare(self) -> dict[str, Texts | MendedTexts]:
        """The texts of each column, made of what has changed; in the searching thread."""
        if not self._texts:
            for name, (version, values) in self._anew.items():
                texts = Texts(map(_text, values))
                self._kept[name], self._texts[name] = (version, texts), texts
            for name, (base, changed, length) in self._mended.items():
                fresh = {code: _text(value) for code, value in changed.items()}
                self._texts[name] = MendedTexts(base, fresh, length) if fresh else base
        return self._texts

    def weights(self, word: str) -> Weights:
        """By place among the chosen: what the word is worth there."""
        texts = self.prepare()
        found = np.zeros(len(self._chosen), np.float32)
        for name, worth in JOB_FIELDS.items():
            fits = texts[name].find(word)
            if fits is not None:
                codes = self._codes[name].take(self._chosen)
                # Values that came after the texts were made are not in them.
                np.maximum(found, (worth * fits).take(codes, mode="clip"), out=found)
        if word.isdecimal() and len(word) <= 10:
            for numbers in (self._ids, self._families):
                np.maximum(found, _like_number(numbers.take(self._chosen), word), out=found)
        return found

    def worth(self) -> Weights:
        """By place: what the job is worth beside the words."""
        return self._worth.take(self._codes["status"].take(self._chosen), mode="clip")

    def slots(self, places: Sequence[int]) -> list[int]:
        """The slots at these places."""
        found: list[int] = self._chosen[np.array(places, np.int64)].tolist()
        return found

    def tokens(self) -> set[str]:
        """Words that there are."""
        return set().union(*(texts.tokens for texts in self.prepare().values()))

    def __len__(self) -> int:
        return len(self._chosen)


class FewJobs:
    """Some jobs that are in no table.

    Args:
        jobs: All of them have ended.
    """

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._texts = {
            name: Texts([_text(VALUES[name](job)) for job in jobs]) for name in (JOB_FIELDS if jobs else ())
        }
        self._ids = np.array([job.numeric_id for job in jobs], np.float64)
        self._families = np.array([job.array_job_id or 0 for job in jobs], np.float64)

    def weights(self, word: str) -> Weights:
        """By place: what the word is worth there."""
        found = np.zeros(len(self), np.float32)
        for name, texts in self._texts.items():
            fits = texts.find(word)
            if fits is not None:
                np.maximum(found, JOB_FIELDS[name] * fits, out=found)
        if word.isdecimal() and len(word) <= 10:
            for numbers in (self._ids, self._families):
                np.maximum(found, _like_number(numbers, word), out=found)
        return found

    def worth(self) -> Weights:
        """All are over."""
        return np.full(len(self), FINISHED, np.float32)

    def __len__(self) -> int:
        return len(self._ids)


class ThingView:
    """Things that have a name and something that is said of them.

    Args:
        names: One of each.
        said: Everything else of each, as one text.
        kept: Of an earlier view of these things, if there are many: only what has changed is work then.
    """

    def __init__(
        self, names: Sequence[str], said: Sequence[str], kept: tuple[KeptTexts, KeptTexts] | None = None
    ) -> None:
        self._names = Texts(names) if kept is None else kept[0].of(names)
        self._said = Texts(said) if kept is None else kept[1].of(said)

    def weights(self, word: str) -> Weights:
        """By place: what the word is worth there."""
        found = np.zeros(len(self), np.float32)
        for texts, worth in ((self._names, 1.0), (self._said, _OTHERS)):
            fits = texts.find(word)
            if fits is not None:
                np.maximum(found, worth * fits, out=found)
        return found

    def worth(self) -> Weights:
        """All are worth the same."""
        return np.ones(len(self), np.float32)

    def tokens(self) -> set[str]:
        """Words that there are."""
        return set(self._names.tokens | self._said.tokens)

    def __len__(self) -> int:
        return len(self._names)


View = JobView | ThingView | FewJobs


def search(
    views: Mapping[str, View],
    words: Sequence[str],
    limit: int,
    *,
    meant: Callable[[str], list[tuple[str, float]]] | None = None,
) -> dict[str, Hits]:
    """The best of each view.

    All words must be found in a thing. Of a kind in which there is none with all of them, what is called by
    some; where no kind has one, what has the most of them.

    Args:
        views: By kind.
        words: Of `words_of`.
        limit: So many of each kind at most.
        meant: What else a word may mean, and how like it is; asked when it is found nowhere as it is.
    """
    weights = {kind: [view.weights(word) for word in words] for kind, view in views.items() if len(view)}
    if meant is not None:
        for place, word in enumerate(words):
            if not any(found[place].any() for found in weights.values()):
                _add_meant(views, weights, place, meant(word))
    counts = {
        kind: np.add.reduce([one > 0 for one in found], dtype=np.int8)
        for kind, found in weights.items()
        if found
    }
    most = max((int(count.max()) for count in counts.values()), default=0)
    hits = {}
    for kind, count in counts.items():
        passing = count == most
        if most == len(words) and not passing.any():
            passing = np.maximum.reduce(weights[kind]) >= PREFIX
        if most and passing.any():
            scores = np.add.reduce(weights[kind]) / len(words) * views[kind].worth()
            hits[kind] = _best(scores, passing, limit)
    return hits


def _add_meant(
    views: Mapping[str, View], weights: dict[str, list[Weights]], place: int, words: list[tuple[str, float]]
) -> None:
    """What is spelled much like the word at `place` counts for it, but less."""
    for word, likeness in words:
        for kind, found in weights.items():
            other = np.float32(_MEANT * likeness) * views[kind].weights(word)
            np.maximum(found[place], other, out=found[place])


def like(word: str, tokens: Sequence[str]) -> list[tuple[str, float]]:
    """The words that are spelled much like this one, and how like they are, 0..1."""
    if len(word) < _SHORTEST_TYPO or word.isdecimal():
        return []
    # 2.5 MB, for words that are nowhere as they are.
    from rapidfuzz.distance import OSA
    from rapidfuzz.process import extract

    found = extract(
        word,
        tokens,
        scorer=OSA.normalized_similarity,
        processor=None,
        score_cutoff=_LEAST_LIKENESS,
        limit=_LIKE_WORDS,
    )
    return [(token, likeness) for token, likeness, _ in found]


def grade(word: str, text: str) -> float:
    """How well a word fits one text, both in lower case; 0 where it does not. As in `Texts.find`."""
    fits = Texts([text]).find(word)
    return 0.0 if fits is None else float(fits[0])


def _best(scores: Weights, passing: Flags, limit: int) -> Hits:
    places = np.flatnonzero(passing)
    if not len(places):
        return NO_HITS
    total, found = len(places), scores[places]
    if total > limit:
        # All that are as good as the last one that is wanted, in their order.
        least = np.partition(found, total - limit)[total - limit]
        kept = np.flatnonzero(found >= least)
        places, found = places[kept], found[kept]
    order = np.argsort(-found, kind="stable")[:limit]
    return Hits(places[order].tolist(), [min(1.0, float(score)) for score in found[order]], total)


def _like_number(numbers: npt.NDArray[np.float64], digits: str) -> Weights:
    """What an id is worth: the very one, or one that begins like it."""
    number = int(digits)
    found = np.where(numbers == number, np.float32(EXACT), np.float32(0))
    if len(digits) > 1 and number:
        low, high = number * 10, number * 10 + 9
        while low < 10**10:
            found[(numbers >= low) & (numbers <= high)] = PREFIX * 0.8
            low, high = low * 10, high * 10 + 9
    return found.astype(np.float32)


def _text(value: Any) -> str | None:
    """A value of a vocabulary as text: a status is its state and flags."""
    if isinstance(value, tuple):
        state, flags = value
        return " ".join((state.value, *flags))
    return value if isinstance(value, str) else None
