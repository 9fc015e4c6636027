"""annexe_ros: egocentric interaction perception for ROS 2.

The package path is extended so that the generated interfaces (``annexe_ros.msg``, ``.srv``, ``.action``), which
colcon installs into an overlay, and the Python code, which may come from a checkout, form one package.
"""

import pkgutil

__path__ = pkgutil.extend_path(__path__, __name__)
__version__ = "0.1.0"
