"""The demo: deploy the PDF manifest function, run it cold and warm, check what it made."""
