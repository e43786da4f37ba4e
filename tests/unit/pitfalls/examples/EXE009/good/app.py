import asyncio

import aiohttp


async def work():
    async with aiohttp.ClientSession() as session:
        return await session.get("https://example.com")


def handler(event, context):
    return asyncio.run(work())
