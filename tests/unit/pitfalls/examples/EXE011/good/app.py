import queue
import threading


def handler(event, context):
    pages = queue.Queue(2)

    def produce():
        try:
            pages.put(fetch(event))
        finally:
            pages.put(None)

    threading.Thread(target=produce).start()
    while (page := pages.get()) is not None:
        print(page)
