"""A module that can't be shared by a fork."""

import threading
import time

threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
