"""Who waits for what is written somewhere is woken, and nothing is kept of what is gone."""

import asyncio

from lambent.events.sources.pulse import Pulses


def test_a_pulse_is_kept_until_it_is_forgotten() -> None:
    async def main() -> None:
        pulses = Pulses()
        pulses.beat(7)  # nobody has asked
        assert len(pulses) == 0
        mark = pulses.of(7).beats
        waiting = asyncio.create_task(pulses.of(7).wait(mark, 30))
        await asyncio.sleep(0)
        pulses.beat(7)
        await asyncio.wait_for(waiting, 1)
        waiting = asyncio.create_task(pulses.of(7).wait(pulses.of(7).beats, 30))
        await asyncio.sleep(0)
        pulses.forget(7)
        await asyncio.wait_for(waiting, 1)
        assert len(pulses) == 0
        pulses.forget(7)

    asyncio.run(main())
