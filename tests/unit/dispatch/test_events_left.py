"""What the last server left, and what comes while the next one goes on with it."""

from pathlib import Path

from queue_kit import Bench, play


def test_an_event_that_comes_before_the_rest_goes_on_has_a_number_of_its_own(tmp_path: Path) -> None:
    """What is sent again at a start may be accepted before the queue has looked for what waits."""

    async def unfinished(bench: Bench) -> None:
        bench.behave = lambda _: None
        for number in range(3):
            await bench.send(request_id=f"left-{number}")
        await bench.clock.advance(0, settle=0.02)

    async def scene(bench: Bench) -> None:
        bench.queue = bench.new_queue()
        await bench.queue.open()
        await bench.send(request_id="new")
        await bench.queue.start()
        await bench.send(request_id="newer")
        await bench.clock.advance(60)
        assert sorted(one.request_id for _, one in bench.ran) == ["left-0", "left-1", "left-2", "new", "newer"]
        assert await bench.on_disk() == 0

    play(tmp_path, unfinished)
    play(tmp_path, scene, start=False)
