# Environment of this checkout: the virtual environment, the overlay with the generated interfaces, and Fast DDS set up
# for images. Source it (`. scripts/env.sh`) or put it before a command (`bash scripts/env.sh python -c "import rclpy"`).

annexe_root=$(cd "$(dirname "${BASH_SOURCE[0]:-${(%):-%x}}")/.." && pwd)
annexe_overlay=$annexe_root/install/annexe_ros

export VIRTUAL_ENV=$annexe_root/.venv
export PATH=$VIRTUAL_ENV/bin:$PATH
export AMENT_PREFIX_PATH=$annexe_overlay:$VIRTUAL_ENV${AMENT_PREFIX_PATH:+:$AMENT_PREFIX_PATH}
export LD_LIBRARY_PATH=$annexe_overlay/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
# The checkout comes before the overlay: code from here, annexe_ros.msg, .srv and .action from there.
export PYTHONPATH=$annexe_root:$(echo "$annexe_overlay"/lib/python3.*/site-packages)${PYTHONPATH:+:$PYTHONPATH}
# Without it Fast DDS loses most images: its shared-memory segment is smaller than one of them.
export FASTRTPS_DEFAULT_PROFILES_FILE=$annexe_root/config/fastdds.xml

unset annexe_root annexe_overlay
if [ "${BASH_SOURCE[0]:-}" = "$0" ] && [ $# -gt 0 ]; then exec "$@"; fi
