"""Fn::Cidr: blocks of addresses cut out of a block.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-cidr.html
"""

import ipaddress
import itertools
from typing import Any

from lambent.deploy.errors import TemplateInvalid

MOST = 256


def blocks(block: str, count: Any, bits: Any = None) -> list[str]:
    """`count` blocks of `bits` free bits each (8, or 64 of IPv6, by default). Raises TemplateInvalid."""
    try:
        network = ipaddress.ip_network(block, strict=False)
        wanted = int(count)
        free = int(bits) if bits is not None else 8 if network.version == 4 else 64
        prefix = network.max_prefixlen - free
        if not 1 <= wanted <= MOST or prefix < network.prefixlen or prefix > network.max_prefixlen:
            raise ValueError
        found = [str(one) for one in itertools.islice(network.subnets(new_prefix=prefix), wanted)]
    except ValueError:
        found, wanted = [], 1
    if len(found) < wanted:
        raise TemplateInvalid(f"Template error: Fn::Cidr can't cut {count} blocks out of {block}")  # our wording
    return found
