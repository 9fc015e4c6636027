"""From a scene's description to a MuJoCo model: one body per thing, one geom per material, and who owns each geom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import mujoco
import numpy as np
from scipy.spatial.transform import Rotation

from annexe_ros.data.scenes.appearance import Look
from annexe_ros.data.scenes.arms import arm_parts
from annexe_ros.data.scenes.lighting import Lighting
from annexe_ros.data.scenes.objects import Part
from annexe_ros.data.scenes.scene import DressedHand, Scene
from annexe_ros.data.scenes.shapes import Floats, Mesh, merged, tube
from annexe_ros.data.scenes.viewpoint import Viewpoint

BACKGROUND = 0
CLIP = (0.02, 20.0)
"""Nearest and farthest depth [m] that is drawn."""


@dataclass(frozen=True, eq=False)
class BuiltScene:
    """A compiled model and, per geom, the instance index that owns it: objects from 1, then hands; 0 is background."""

    model: mujoco.MjModel
    owners: np.ndarray
    hand_indices: tuple[int, ...]


class Assembly:
    """Adds parts to a specification, one body per call and one mesh geom per body and material."""

    def __init__(self) -> None:
        self.spec = mujoco.MjSpec()
        self.owners: list[int] = []
        self._materials: dict[int, str] = {}

    def add(
        self, parts: Iterable[Part], owner: int, position: Floats | None = None, rotation: Rotation | None = None
    ) -> None:
        """Add a body of parts; ``owner`` is the instance index of all its geoms."""
        body = self.spec.worldbody.add_body(pos=np.zeros(3) if position is None else position)
        if rotation is not None:
            body.quat = rotation.as_quat(scalar_first=True)
        groups: dict[int, list[Part]] = {}
        for part in parts:
            groups.setdefault(id(part.look), []).append(part)
        for group in groups.values():
            textured = group[0].look.texture is not None
            meshes = [part.mesh if textured else Mesh(part.mesh.vertices, part.mesh.faces) for part in group]
            self._geom(body, merged(meshes), group[0].look)
            self.owners.append(owner)

    def _geom(self, body: mujoco.MjsBody, mesh: Mesh, look: Look) -> None:
        name = f"m{len(self.owners)}"
        asset = self.spec.add_mesh(name=name)
        asset.uservert = mesh.vertices.astype(np.float32).ravel()
        asset.userface = mesh.faces.ravel()
        if mesh.uv is not None:
            asset.usertexcoord = mesh.uv.astype(np.float32).ravel()
        asset.inertia = mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL
        geom = body.add_geom(type=mujoco.mjtGeom.mjGEOM_MESH, meshname=name, contype=0, conaffinity=0)
        geom.material = self._material(look)

    def _material(self, look: Look) -> str:
        if id(look) in self._materials:
            return self._materials[id(look)]
        name = f"look{len(self._materials)}"
        self._materials[id(look)] = name
        material = self.spec.add_material(name=name, specular=look.specular, shininess=look.shininess)
        if look.texture is None:
            material.rgba = (*look.colour, 1.0)
            return name
        height, width = look.texture.shape[:2]
        texture = self.spec.add_texture(
            name=name, type=mujoco.mjtTexture.mjTEXTURE_2D, width=width, height=height, nchannel=3
        )
        texture.data = np.ascontiguousarray(look.texture[::-1]).tobytes()
        material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = name
        return name


def build(scene: Scene) -> BuiltScene:
    """Return the compiled model of a scene; rendering buffers are the size of its camera."""
    assembly = Assembly()
    set_visuals(assembly.spec, scene.view, scene.lighting)
    assembly.add(scene.surroundings, BACKGROUND)
    for prop in scene.props:
        assembly.add(prop.parts, BACKGROUND, prop.position, Rotation.from_euler("z", prop.yaw))
    for k, placed in enumerate(scene.objects):
        assembly.add(placed.model.parts, k + 1, placed.position, placed.rotation)
    first = len(scene.objects) + 1
    for k, hand in enumerate(scene.hands):
        skin, sleeve = hand_parts(hand)
        assembly.add(skin, first + k)
        assembly.add(sleeve, BACKGROUND)
    add_lights(assembly.spec, scene.lighting)
    indices = tuple(range(first, first + len(scene.hands)))
    return BuiltScene(assembly.spec.compile(), np.array(assembly.owners), indices)


def hand_parts(dressed: DressedHand) -> tuple[list[Part], Sequence[Part]]:
    """Return (hand, bare forearm and watch; sleeve) in the world."""
    hand = dressed.hand
    skin = hand.shape.mesh
    posed = Part(Mesh(hand.to_world(skin.vertices), skin.faces, skin.uv), dressed.skin)
    bare, sleeve = arm_parts(hand.arm, hand.back, dressed.skin, dressed.sleeve, dressed.girth * hand.scale)
    parts = [posed, *bare]
    if dressed.watch is not None and (dressed.sleeve is None or dressed.sleeve.bare > 0.06):
        band = tube(
            hand.arm[2:4], np.array([[0.0225, 0.0305]] * 2) * dressed.girth * hand.scale, up=hand.back, segments=20
        )
        parts.append(Part(band, dressed.watch))
    return parts, sleeve


def set_visuals(spec: mujoco.MjSpec, view: Viewpoint, lighting: Lighting) -> None:
    """Set buffers, clipping and what light comes from everywhere."""
    camera = view.camera
    visual = spec.visual
    visual.global_.offwidth, visual.global_.offheight = camera.width, camera.height
    visual.quality.shadowsize, visual.quality.offsamples = 1024, 4
    visual.map.znear, visual.map.zfar = CLIP
    spec.stat.extent = 1.0
    spec.stat.center = view.position
    visual.map.shadowclip = 1.5
    visual.headlight.ambient = lighting.ambient
    visual.headlight.diffuse = (0.08, 0.08, 0.08)
    visual.headlight.specular = (0.0, 0.0, 0.0)


def add_lights(spec: mujoco.MjSpec, lighting: Lighting) -> None:
    """Add the sun first, so that a renderer can switch it off by its place."""
    sun = spec.worldbody.add_light(pos=-2.0 * lighting.sun, dir=lighting.sun, castshadow=True)
    sun.type = mujoco.mjtLightType.mjLIGHT_DIRECTIONAL
    sun.diffuse, sun.ambient, sun.specular = lighting.sun_colour, (0, 0, 0), 0.6 * lighting.sun_colour
    for position, colour in lighting.fills:
        lamp = spec.worldbody.add_light(pos=position, dir=-position / np.linalg.norm(position), castshadow=False)
        lamp.type = mujoco.mjtLightType.mjLIGHT_POINT
        lamp.attenuation = (1, 0, 0)
        lamp.diffuse, lamp.ambient, lamp.specular = colour, (0, 0, 0), 0.5 * colour
