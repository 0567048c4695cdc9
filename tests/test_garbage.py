"""Building without a search for garbage."""

from __future__ import annotations

import gc
import threading
import time
import weakref

import pytest

from engine.garbage import all_for_good, searched_young, unsearched


@pytest.fixture(autouse=True)
def at_rest() -> None:
    """Threads that other tests have left may still be building."""
    end = time.monotonic() + 60
    while not gc.isenabled():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_garbage_is_searched_for_again_when_the_last_is_done() -> None:
    inside, end = threading.Event(), threading.Event()

    def other() -> None:
        with unsearched(for_good=True):
            inside.set()
            assert end.wait(10)

    thread = threading.Thread(target=other)
    with unsearched(for_good=True):
        assert not gc.isenabled()
        thread.start()
        assert inside.wait(10)
    assert not gc.isenabled()
    end.set()
    thread.join()
    assert gc.isenabled()
    gc.unfreeze()


def test_also_where_the_building_fails() -> None:
    kept: object = object.__new__(type("Kept", (), {}))
    with pytest.raises(KeyError), unsearched(for_good=True):
        raise KeyError
    assert gc.isenabled()
    assert not any(each is kept for each in gc.get_objects())  # it is not looked through any more
    gc.unfreeze()
    assert any(each is kept for each in gc.get_objects())


def test_what_does_not_stay_for_good_is_looked_through_again() -> None:
    kept: object = object.__new__(type("Kept", (), {}))
    with unsearched():
        assert not gc.isenabled()
    assert gc.isenabled()
    assert any(each is kept for each in gc.get_objects())


def test_where_all_stays_for_good_it_need_not_be_said() -> None:
    kept: object = object.__new__(type("Kept", (), {}))
    with all_for_good():
        with unsearched():
            pass
        assert not any(each is kept for each in gc.get_objects())
        gc.unfreeze()
    with unsearched():
        pass
    assert any(each is kept for each in gc.get_objects())


def test_where_it_was_off_it_stays_off() -> None:
    gc.disable()
    with unsearched():
        pass
    assert not gc.isenabled()
    gc.enable()


class Ring:
    """What keeps itself."""

    def __init__(self) -> None:
        self.ring = self


def test_what_lives_on_is_passed_over_and_young_garbage_is_found() -> None:
    before, callbacks = gc.get_threshold(), len(gc.callbacks)
    with searched_young(500, 2):
        ring = weakref.ref(Ring())
        passed_over = gc.get_freeze_count()
        kept = [[n] for n in range(20_000)]
        assert ring() is None
        assert gc.get_freeze_count() - passed_over > len(kept) / 2
    assert (gc.get_threshold(), len(gc.callbacks)) == (before, callbacks)
    gc.unfreeze()
