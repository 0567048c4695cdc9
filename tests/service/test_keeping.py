"""Building without a search for garbage."""

from __future__ import annotations

import gc
import threading

import pytest

from engine.service.keeping import keeping


def test_garbage_is_searched_for_again_when_the_last_is_done() -> None:
    inside, end = threading.Event(), threading.Event()

    def other() -> None:
        with keeping():
            inside.set()
            assert end.wait(10)

    thread = threading.Thread(target=other)
    with keeping():
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
    with pytest.raises(KeyError), keeping():
        raise KeyError
    assert gc.isenabled()
    assert not any(each is kept for each in gc.get_objects())  # it is not looked through any more
    gc.unfreeze()
    assert any(each is kept for each in gc.get_objects())
