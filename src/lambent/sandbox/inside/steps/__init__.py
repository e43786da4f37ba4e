"""One file per step of the plans in `plan`. The file's name is the step's name, in errors, metrics and documents."""
