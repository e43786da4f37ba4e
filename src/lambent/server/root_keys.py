"""The accounts' own keys, where other machines reach the endpoint: made at the first start, shown then and never again.

They lie in the data folder, for this user alone. An account that is listed later gets its key when it is.
"""

import base64
import json
import secrets
from collections.abc import Callable, Iterable
from pathlib import Path

from lambent.model.credentials import Held
from lambent.neighbour.memory.files import replace
from lambent.settings import Settings, StartError

FILE = "root-keys.json"


def open_keys(folder: Path, accounts: Iterable[str]) -> tuple[dict[str, Held], dict[str, Held]]:
    """Those of all accounts by access key id, and those that were made just now. Raises StartError."""
    path = folder / FILE
    try:
        known = {key: Held(secret, account) for key, (account, secret) in json.loads(path.read_text("utf-8")).items()}
    except FileNotFoundError:
        known = {}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise StartError(f"{path}: {error}: mend it, or move it away to get new keys") from error
    have = {held.account for held in known.values()}
    made = {_new_id(): Held(secrets.token_urlsafe(30), account) for account in accounts if account not in have}
    if made:
        _write(path, known | made)
    return {key: held for key, held in (known | made).items() if held.account in set(accounts)}, made


def learn(settings: Settings, tell: Callable[[str, Held], None]) -> None:
    """Whoever knows keys is told of them; new ones are shown. Raises StartError."""
    keys, made = open_keys(settings.data_dir, settings.accounts)
    for key, held in keys.items():
        tell(key, held)
    if made:
        print(shown(made), flush=True)


def shown(made: dict[str, Held]) -> str:
    """What the first start says of them."""
    lines = [f"  {held.account}  {key}  {held.secret_key}" for key, held in made.items()]
    return "\n".join(["Keys of the accounts themselves, which are not shown again (account, id, secret):", *lines])


def _new_id() -> str:
    return "AKIA" + base64.b32encode(secrets.token_bytes(10)).decode("ascii")


def _write(path: Path, keys: dict[str, Held]) -> None:
    """For this user alone from the first byte on, and whole or not at all."""
    replace(path, json.dumps({key: [held.account, held.secret_key] for key, held in keys.items()}).encode())
