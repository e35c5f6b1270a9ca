"""One writer, many readers: what was appended comes back, in order, from any place."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from lifeloop.collect.spool import (
    START,
    GroupCommit,
    Place,
    SpoolBusy,
    SpoolFailed,
    SpoolWriter,
    Stamp,
    bytes_after,
    newest,
    next_place,
    read_records,
    remove_before,
)
from lifeloop.collect.spool.framing import segment_file

ALL = 1 << 40


def stamp(received_at: int = 0, source: str = "live") -> Stamp:
    return Stamp("segment", source, received_at, type_in_path="track", user_agent="curl")


def bodies(folder: Path, start: Place = START) -> list[bytes]:
    return [record.body for record in read_records(folder, start, limit_bytes=ALL)]


def test_what_was_appended_is_read_in_order_with_its_stamps(tmp_path: Path) -> None:
    with SpoolWriter(tmp_path / "spool") as writer:
        places = writer.append([(stamp(n), b"body %d" % n) for n in range(5)])

    records = list(read_records(tmp_path / "spool", START, limit_bytes=ALL))
    assert [record.body for record in records] == [b"body %d" % n for n in range(5)]
    assert [record.stamp for record in records] == [stamp(n) for n in range(5)]
    assert [record.place for record in records] == places
    assert [record.after for record in records] == [*places[1:], writer.place]


def test_a_reader_goes_on_where_it_stopped(tmp_path: Path) -> None:
    with SpoolWriter(tmp_path, segment_bytes=100) as writer:
        for n in range(20):
            writer.append([(stamp(n), b"%d" % n)])

    seen, place = [], START
    while records := list(read_records(tmp_path, place, limit_bytes=5)):
        seen += [record.body for record in records]
        place = records[-1].after

    assert seen == [b"%d" % n for n in range(20)]


def test_each_writer_begins_a_new_segment(tmp_path: Path) -> None:
    for n in range(3):
        with SpoolWriter(tmp_path) as writer:
            writer.append([(stamp(), b"%d" % n)])

    assert [record.place for record in read_records(tmp_path, START, limit_bytes=ALL)] == [Place(n, 0) for n in (1, 2, 3)]


def test_a_number_that_a_reader_knows_never_comes_again(tmp_path: Path) -> None:
    with SpoolWriter(tmp_path, first_segment=8) as writer:
        assert writer.append([(stamp(), b"x")]) == [Place(8, 0)]


def test_a_second_writer_is_refused(tmp_path: Path) -> None:
    with SpoolWriter(tmp_path), pytest.raises(SpoolFailed, match="another process is writing there"):
        SpoolWriter(tmp_path)
    SpoolWriter(tmp_path).close()


def test_a_segment_goes_when_all_readers_are_behind_it(tmp_path: Path) -> None:
    with SpoolWriter(tmp_path, segment_bytes=1) as writer:
        for n in range(4):
            writer.append([(stamp(), b"%d" % n)])
    second = list(read_records(tmp_path, START, limit_bytes=ALL))[1]

    assert remove_before(tmp_path, second.after) == 1
    assert next_place(tmp_path, second.after) == Place(3, 0)
    assert remove_before(tmp_path, next_place(tmp_path, second.after)) == 1
    assert bodies(tmp_path, second.after) == [b"2", b"3"]


def test_how_much_is_unread_is_known(tmp_path: Path) -> None:
    assert newest(tmp_path / "none") == START
    assert bytes_after(tmp_path / "none", START) == 0
    with SpoolWriter(tmp_path, segment_bytes=1) as writer:
        writer.append([(stamp(), b"one")])
        size = writer.place.offset
        writer.append([(stamp(), b"two")])

    assert bytes_after(tmp_path, START) == 2 * size
    assert bytes_after(tmp_path, Place(1, size)) == size
    assert bytes_after(tmp_path, newest(tmp_path)) == 0


@pytest.mark.parametrize("cut", range(60))
def test_a_torn_tail_ends_its_segment_wherever_it_is_torn(tmp_path: Path, cut: int) -> None:
    with SpoolWriter(tmp_path) as writer:
        first, last = writer.append([(stamp(), b"whole"), (stamp(), b"torn")])
        end = writer.place.offset
    with segment_file(tmp_path, 1).open("r+b") as file:
        file.truncate(min(end - 1, last.offset + cut))

    assert bodies(tmp_path) == [b"whole"]
    assert next_place(tmp_path, last) == last, "it may still be being written"
    with SpoolWriter(tmp_path) as writer:
        writer.append([(stamp(), b"later")])
    assert bodies(tmp_path) == [b"whole", b"later"]
    assert next_place(tmp_path, last) == Place(2, 0)
    assert bodies(tmp_path, first) == [b"whole", b"later"]


def test_a_damaged_record_costs_only_itself(tmp_path: Path) -> None:
    with SpoolWriter(tmp_path) as writer:
        places = writer.append([(stamp(), b"a"), (stamp(), b"b"), (stamp(), b"c")])
    with segment_file(tmp_path, 1).open("r+b") as file:
        file.seek(places[1].offset + 20)
        file.write(b"\xff\xff")

    assert bodies(tmp_path) == [b"a", b"c"]


def damage(folder: Path, at: int, number: int = 1) -> None:
    """Turn one bit of a segment."""
    with segment_file(folder, number).open("r+b") as file:
        file.seek(at)
        found = file.read(1)[0]
        file.seek(at)
        file.write(bytes([found ^ 1]))


def five(folder: Path, body: bytes = b'{"n":%d}') -> tuple[list[Place], Place]:
    """Write five records into a segment that is finished; return where they lie and where the last one ends."""
    with SpoolWriter(folder) as writer:
        places = writer.append([(stamp(n), body % n) for n in range(5)])
        end = writer.place
        writer.turn()
    return places, end


@pytest.mark.parametrize("byte", range(32))
def test_a_bit_of_a_records_head_costs_only_that_record(tmp_path: Path, byte: int, caplog: pytest.LogCaptureFixture) -> None:
    places, _ = five(tmp_path)
    damage(tmp_path, places[1].offset + byte)

    for _ in range(2):
        assert bodies(tmp_path) == [b'{"n":%d}' % n for n in (0, 2, 3, 4)]
    assert next_place(tmp_path, places[1]) == places[1]
    length = places[2].offset - places[1].offset
    assert [entry.getMessage() for entry in caplog.records] == [
        f"spool segment {segment_file(tmp_path, 1)}: {length} damaged bytes from byte {places[1].offset} on passed over"
    ]


def test_each_damaged_place_is_passed_over_and_logged_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    places, _ = five(tmp_path)
    for at in (places[0].offset, places[2].offset + 5, places[3].offset + 1):
        damage(tmp_path, at)

    assert bodies(tmp_path) == [b'{"n":1}', b'{"n":4}']
    assert bodies(tmp_path, places[2]) == [b'{"n":4}']
    assert len(caplog.records) == 2


def test_a_record_far_behind_a_large_damaged_one_is_found(tmp_path: Path) -> None:
    places, _ = five(tmp_path, b"L" * (1 << 18) + b"LLr1 LLr" * 1000 + b"%d")
    damage(tmp_path, places[1].offset)

    assert [record.stamp.received_at for record in read_records(tmp_path, START, limit_bytes=ALL)] == [0, 2, 3, 4]


def test_damage_in_the_segment_that_is_being_written_costs_only_its_record(tmp_path: Path) -> None:
    with SpoolWriter(tmp_path) as writer:
        places = writer.append([(stamp(n), b"%d" % n) for n in range(3)])
        damage(tmp_path, places[1].offset)
        assert bodies(tmp_path) == [b"0", b"2"]
        writer.append([(stamp(), b"3")])
        assert bodies(tmp_path) == [b"0", b"2", b"3"]


def test_a_damaged_segment_is_kept_when_it_was_read(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    places, end = five(tmp_path)
    damage(tmp_path, places[1].offset)
    found = segment_file(tmp_path, 1).read_bytes()
    assert len(bodies(tmp_path)) == 4

    assert remove_before(tmp_path, end) == 0
    assert remove_before(tmp_path, next_place(tmp_path, end)) == 1
    assert remove_before(tmp_path, Place(2, 0)) == 0
    assert sorted(file.name for file in tmp_path.glob("0*")) == ["000000000001.damaged", "000000000002.log"]
    assert (tmp_path / "000000000001.damaged").read_bytes() == found
    assert "is read, and kept" in caplog.text
    assert bytes_after(tmp_path, START) == 0
    assert bodies(tmp_path) == []


def test_the_number_of_a_kept_segment_never_comes_again(tmp_path: Path) -> None:
    (tmp_path / "000000000007.damaged").touch()
    with SpoolWriter(tmp_path) as writer:
        assert writer.append([(stamp(), b"x")]) == [Place(8, 0)]


@pytest.mark.parametrize("cut", range(60))
def test_a_torn_tail_is_no_damage(tmp_path: Path, cut: int, caplog: pytest.LogCaptureFixture) -> None:
    places, end = five(tmp_path)
    with segment_file(tmp_path, 1).open("r+b") as file:
        file.truncate(min(end.offset - 1, places[4].offset + cut))

    assert len(bodies(tmp_path)) == 4
    assert remove_before(tmp_path, next_place(tmp_path, places[4])) == 1
    assert [file.name for file in tmp_path.glob("0*")] == ["000000000002.log"]
    assert not caplog.records


def test_a_group_is_answered_after_one_synchronisation(tmp_path: Path) -> None:
    async def story() -> list[Place]:
        group = GroupCommit(SpoolWriter(tmp_path))
        places = await asyncio.gather(*(group.put(stamp(n), b"%d" % n) for n in range(200)))
        await group.close()
        assert group.backlog_bytes() == 0
        assert group.tally.requests == 200
        assert group.tally.groups < 200
        return list(places)

    places = asyncio.run(story())

    records = list(read_records(tmp_path, START, limit_bytes=ALL))
    assert [record.place for record in records] == places
    assert [record.body for record in records] == [b"%d" % n for n in range(200)]


def test_too_much_waiting_is_refused_and_taken_later(tmp_path: Path) -> None:
    async def story() -> None:
        group = GroupCommit(SpoolWriter(tmp_path), max_waiting_bytes=100)
        first = asyncio.create_task(group.put(stamp(), b"x" * 60))
        await asyncio.sleep(0)
        with pytest.raises(SpoolBusy):
            await group.put(stamp(), b"y" * 60)
        await first
        await group.put(stamp(), b"z" * 60)
        await group.close()

    asyncio.run(story())
    assert bodies(tmp_path) == [b"x" * 60, b"z" * 60]


def test_what_waits_when_it_closes_is_still_written(tmp_path: Path) -> None:
    async def story() -> None:
        group = GroupCommit(SpoolWriter(tmp_path))
        waiting = [asyncio.create_task(group.put(stamp(), b"%d" % n)) for n in range(100)]
        await asyncio.sleep(0)
        await group.close()
        await asyncio.gather(*waiting)
        with pytest.raises(SpoolFailed, match="stopping"):
            await group.put(stamp(), b"late")

    asyncio.run(story())
    assert len(bodies(tmp_path)) == 100


def test_a_segment_that_grew_old_is_left_so_that_what_was_read_goes(tmp_path: Path) -> None:
    place = START

    def unread() -> int:
        nonlocal place
        for record in read_records(tmp_path, place, limit_bytes=ALL):
            place = record.after
        place = next_place(tmp_path, place)
        remove_before(tmp_path, place)
        return bytes_after(tmp_path, place)

    async def story() -> None:
        group = GroupCommit(SpoolWriter(tmp_path), unread=unread, segment_seconds=0, look_seconds=0.001)
        await group.put(stamp(), b"personal")
        while segment_file(tmp_path, 1).exists():
            await asyncio.sleep(0.001)
        assert group.unread_bytes() == 0
        await group.put(stamp(), b"later")
        await group.close()

    asyncio.run(story())
    assert bodies(tmp_path) in ([b"later"], [])


def test_too_much_unread_is_refused_until_it_is_read(tmp_path: Path) -> None:
    left = 2000

    async def story() -> None:
        nonlocal left
        group = GroupCommit(SpoolWriter(tmp_path), max_unread_bytes=1000, unread=lambda: left, look_seconds=0.001)
        while not group.unread_bytes():
            await asyncio.sleep(0.001)
        with pytest.raises(SpoolBusy, match="wait to be indexed"):
            await group.put(stamp(), b"x")
        left = 0
        while group.unread_bytes():
            await asyncio.sleep(0.001)
        await group.put(stamp(), b"x")
        await group.close()

    asyncio.run(story())
    assert bodies(tmp_path) == [b"x"]
