"""What changed, in order: readers come when they like and ask for what is new to them."""

from __future__ import annotations


class Journal:
    """Keys of changed things. Costs the writer one append; holds no reference to readers.

    Args:
        length: At least so many changes are remembered.
    """

    def __init__(self, length: int) -> None:
        self._length = length
        self._keys: list[int] = []
        self._dropped = 0

    @property
    def position(self) -> int:
        """Where the journal ends now."""
        return self._dropped + len(self._keys)

    def note(self, key: int) -> None:
        """The thing of this key changed."""
        keys = self._keys
        keys.append(key)
        if len(keys) >= 2 * self._length:
            del keys[: self._length]
            self._dropped += self._length

    def since(self, position: int) -> set[int] | None:
        """Keys noted after `position`; ``None`` if that is too long ago to know."""
        if position < self._dropped:
            return None
        return set(self._keys[position - self._dropped :])
