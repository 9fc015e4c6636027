"""``python -m annexe_ros.cli``: the command ``annexe``, for ``accelerate launch -m`` and where it has no script."""

from annexe_ros.cli.main import main

if __name__ == "__main__":
    main()
