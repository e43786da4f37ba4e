import asyncio

import aiohttp

session = aiohttp.ClientSession()  # expect


async def work():
    return await session.get("https://example.com")


def handler(event, context):
    return asyncio.run(work())
