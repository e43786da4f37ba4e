"""moto's memory, on disk: `pickles` and `inside` are a part of moto's process, the others of the server's."""
