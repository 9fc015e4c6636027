"""The command ``annexe``: one verb per file. Verbs parse, wire and print; what they do lives in other rooms."""
