"""The timer wheel and the send buffer."""

from dataclasses import dataclass

from parley.transports.engineio.deadlines import Deadlines
from parley.transports.engineio.protocol import Binary
from parley.transports.engineio.send_buffer import SendBuffer


@dataclass
class Item:
    due: float


def test_an_item_is_handed_out_when_due_and_not_before() -> None:
    wheel: Deadlines[Item] = Deadlines(0.5, now=0.0)
    item = Item(2.2)
    wheel.add(item)
    assert list(wheel.sweep(2.0)) == []
    assert list(wheel.sweep(3.0)) == [item]
    assert list(wheel.sweep(9.0)) == []
    assert len(wheel) == 0


def test_an_item_that_moved_is_handed_out_once_at_its_new_time() -> None:
    wheel: Deadlines[Item] = Deadlines(0.5, now=0.0)
    item = Item(1.0)
    wheel.add(item)
    item.due = 5.0
    wheel.add(item)
    assert list(wheel.sweep(4.0)) == []
    assert list(wheel.sweep(6.0)) == [item]


def test_an_item_that_is_overdue_comes_with_the_next_sweep() -> None:
    wheel: Deadlines[Item] = Deadlines(0.5, now=100.0)
    item = Item(3.0)
    wheel.add(item)
    assert list(wheel.sweep(101.0)) == [item]


def test_items_come_in_the_order_of_their_slots() -> None:
    wheel: Deadlines[Item] = Deadlines(1.0, now=0.0)
    late, early = Item(7.5), Item(3.5)
    wheel.add(late)
    wheel.add(early)
    assert list(wheel.sweep(20.0)) == [early, late]


def test_an_item_added_during_a_sweep_waits_for_its_time() -> None:
    wheel: Deadlines[Item] = Deadlines(1.0, now=0.0)
    wheel.add(Item(1.5))
    for item in wheel.sweep(5.0):
        item.due = 8.0
        wheel.add(item)
    assert [item.due for item in wheel.sweep(10.0)] == [8.0]


def test_a_buffer_gives_out_what_it_was_given_once() -> None:
    buffer = SendBuffer(max_packets=3, max_bytes=100)
    assert buffer.append(b"4one")
    assert buffer.append(Binary(b"two"))
    assert buffer.size == 7
    assert len(buffer.take()) == 2
    assert buffer.take() == []
    assert buffer.size == 0


def test_a_buffer_with_too_many_packets_overflows_for_good() -> None:
    buffer = SendBuffer(max_packets=2, max_bytes=100)
    assert [buffer.append(b"4") for _ in range(4)] == [True, True, False, False]
    assert buffer.is_overflowed
    assert buffer.packets == []


def test_a_buffer_with_too_many_bytes_overflows() -> None:
    buffer = SendBuffer(max_packets=100, max_bytes=10)
    assert buffer.append(b"4" * 10)
    assert not buffer.append(Binary(b"x"))
    assert buffer.is_overflowed
