"""The real code the corpus is drawn from: pinned archives, their licences and their files.

Nothing of these sources is kept in the repository.  Every archive is fetched by name and version
through its registry's own client, checked against the digest written here and read from the work
directory.
"""

from __future__ import annotations

import email
import platform
import re
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.train_bundled.hashing import sha256_of_bytes, sha256_of_file

MAX_FILE_BYTES = 400_000


@dataclass(frozen=True)
class SourceFile:
    """One file of real code."""

    source: str
    path: str
    language: str
    text: str

    @property
    def key(self) -> str:
        """Name that decides whether the file is held out."""
        return f"{self.source}/{self.path}"


@dataclass(frozen=True)
class Source:
    """A fetched source with what the manifest and the notice say about it."""

    name: str
    version: str
    registry: str
    licence: str
    sha256: str
    language: str
    files: tuple[SourceFile, ...]


@dataclass(frozen=True)
class Wheel:
    """A pure Python distribution on PyPI."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True)
class DebianPackage:
    """A Debian 12 package holding Rust sources under ``folders``."""

    name: str
    version: str
    sha256: str
    folders: tuple[str, ...] = ("usr/share/cargo/registry",)


WHEELS = (
    Wheel("boltons", "26.2.0", "41942cbce440211bbcf2487ccdc356964ad674f95a01068b8a0dd7a1d1fed036"),
    Wheel("humanize", "4.17.0", "02d0899527760efe18011944f882df4970943b4cdff7b5a0ba7fed43a576ef98"),
    Wheel(
        "jaraco.collections",
        "5.2.1",
        "ea3415ddfc50206b6ba7d09c3deb358b76a5f8c1ddc82be788e8e8bd151ebfa8",
    ),
    Wheel(
        "jaraco.functools",
        "4.6.0",
        "99e3dc0060c5cbe8fcd1cdb36258e2a65ca40f1566b2033b12abb1bb44dd3c30",
    ),
    Wheel(
        "jaraco.itertools",
        "6.4.3",
        "0d68d67a7261c3f3ac8ed39e8cd48ee93ef1b540e3d2066c76b92f17b61009c5",
    ),
    Wheel(
        "jaraco.text", "4.3.0", "07a06a9eaf8b7eee54f2fec816565ef1eec5aa78fc81e4f1c3131ad09ff45a9a"
    ),
    Wheel(
        "more-itertools",
        "11.2.1",
        "35a7377edd1dd6608dcb2cdf534ded55ea32d49448875ad042cd3f879fb1ded0",
    ),
    Wheel("mpmath", "1.3.0", "a0b2b9fe80bbcd81a6647ff13108738cfb482d481d826cc0e02f5b35e5c88d2c"),
    Wheel("networkx", "3.6.1", "d47fbf302e7d9cbbb9e2555a0d267983d2aa476bac30e90dfbe5669bd57f3762"),
    Wheel("pydash", "8.1.0", "61df790f303288df7da3a766c3ca6ea5a8f3ec882b28712bac8d13573dbaba97"),
    Wheel(
        "pyrsistent", "0.20.0", "cae40a9e3ce178415040a0383f00e8d68b569e97f31928a3a8ad37e3fde6df6a"
    ),
    Wheel(
        "sortedcontainers",
        "2.4.0",
        "a163dcaede0f1c021485e957a39245190e74249897e2ae4b2aa38595db237ee0",
    ),
    Wheel("sympy", "1.14.0", "e091cc3e99d2141a0ba2847328f5479b05d94a6635cb96148ccb3f34671bd8f5"),
    Wheel("toolz", "1.2.0", "890f820b1cb8152785aaf9386d8707770110809035800985ca65cb24ce1120ef"),
)

RUST_LIBRARY = "usr/src/rustc-1.63.0/library"

DEBIAN_PACKAGES = (
    DebianPackage(
        "rust-src",
        "1.63.0+dfsg1-2",
        "410b8c6d464cabbe5fb3154ab8c3d374980dd597fbe7e3b7bb3ed8dd1bf11e25",
        (f"{RUST_LIBRARY}/alloc", f"{RUST_LIBRARY}/core", f"{RUST_LIBRARY}/std"),
    ),
    DebianPackage(
        "librust-arrayvec-dev",
        "0.7.2-2",
        "b7403411383b763bc036b4575ddf854a2e81e6c236596d67f45b281a575443d1",
    ),
    DebianPackage(
        "librust-base64-dev",
        "0.13.0-1",
        "a1de922bb3fd81c6d5ce14b28b35734468423c85a82019298106c4c1f057220c",
    ),
    DebianPackage(
        "librust-bstr-dev",
        "0.2.17-1+b1",
        "99d8cf13d2d614619c6040da45bcf086d0a9143afcb952d9c21a1bdafbb3b898",
    ),
    DebianPackage(
        "librust-bytes-dev",
        "1.2.1-1",
        "86fbba5fe9d10f1eeb28944e52cfc8caa75f9a509c3603b70f8107f151744fcc",
    ),
    DebianPackage(
        "librust-chrono-dev",
        "0.4.23-2",
        "e3d5c2220c1441bdbe550cece4480b70863c39f2856cf8c7b39b2aeb7c47606c",
    ),
    DebianPackage(
        "librust-fixedbitset-dev",
        "0.4.2-1",
        "b48843fa7f8a4081fea2aa4ee736c0b977e37947d3fea3b6667cad0d77245b4d",
    ),
    DebianPackage(
        "librust-heck-dev",
        "0.4.0-1",
        "16b328c2857a8a374752aeec73fbad09b7e3bfc8250fdc3c1f214a54f6dba51c",
    ),
    DebianPackage(
        "librust-hex-dev",
        "0.4.3-1+b2",
        "e5fa26bdfbe778fdd0d748c984416649604f0a5d37c3926cb0c48e3c4b0a1606",
    ),
    DebianPackage(
        "librust-humantime-dev",
        "2.1.0-1+b1",
        "d01ead7ee394866cb24ce6fedb4615e2ff4580b1337a1e314e2fbeab86d1666f",
    ),
    DebianPackage(
        "librust-indexmap-dev",
        "1.9.2-1",
        "691b9efb8df4abdfdb238713c1f66416f31e2c2a33fd15687aae2c4dcb9b5308",
    ),
    DebianPackage(
        "librust-inflector-dev",
        "0.11.4-1+b1",
        "913925f63f75e1dd6eca76093588b353c5a8e87021e645687b6a3c767957015a",
    ),
    DebianPackage(
        "librust-itertools-dev",
        "0.10.3-1",
        "3e13fc328508275c2c84270133f41a300ffb58b9b77001b89373ba7f7ab57fde",
    ),
    DebianPackage(
        "librust-itoa-dev",
        "1.0.1-2",
        "42b9e2912127c5e2ae2ed959baf93667434422fdf924ff606364a54302fedbb0",
    ),
    DebianPackage(
        "librust-nom-dev",
        "7.1.1-1",
        "a11f91ec226f23f28046a928fbfbb7cae1d2915fab071ccdf14c6d61572aa114",
    ),
    DebianPackage(
        "librust-num-bigint-dev",
        "0.4.3-2",
        "1602f097086a1a92f105c991bd727c437cab9222c9898a5816432219bc009f97",
    ),
    DebianPackage(
        "librust-num-integer-dev",
        "0.1.44-1",
        "545e2d663678542e6c1f4e43181f015ebf865c8d2c3252a309010f40d6c53026",
    ),
    DebianPackage(
        "librust-num-rational-dev",
        "0.4.1-2",
        "445be32e07670ccdbd8faf8fb877b221d17ed75bda79df7c358520f2d64b242a",
    ),
    DebianPackage(
        "librust-petgraph-dev",
        "0.6.2-1",
        "69b0c1b7e23fb76ec9178dd3a56bc5a0bfef902a19b25b05c825c17685d318b6",
    ),
    DebianPackage(
        "librust-rayon-dev",
        "1.6.1-1",
        "2f04ea06c755036d57b9e6b297bc3457bc86058f459fc1ee8d4ec51db5d640b2",
    ),
    DebianPackage(
        "librust-semver-dev",
        "1.0.14-1",
        "bf3719b7aac4b7f16f0d68a7037306dbc1532758fe7a5dea01254e85cecaca8c",
    ),
    DebianPackage(
        "librust-smallvec-dev",
        "1.9.0-1",
        "ae859283a4b8979094ab41367116cede81298050fa50fa1f729f5310bd8e0d8b",
    ),
    DebianPackage(
        "librust-strsim-dev",
        "0.10.0-1",
        "6b676122f64f7c2d3d130db4e367b4fdaaf7c61b65a024110cbe99814471a3a1",
    ),
    DebianPackage(
        "librust-textwrap-dev",
        "0.16.0-2",
        "6cb30f1426dbbbb492ac932e26df3a255d7a44d074f1e63f21e3d37c31f591c1",
    ),
    DebianPackage(
        "librust-toml-edit-dev",
        "0.14.4-2",
        "badfaff9a0fae1b086e3eae676de4a96edcaade08c230146e7efbc5cb7360312",
    ),
    DebianPackage(
        "librust-url-dev",
        "2.3.1-1",
        "408d745032921069d1d7b2f43490b67418d50c0275789cef35adad7789ba27af",
    ),
    DebianPackage(
        "librust-uuid-dev",
        "1.2.1-1",
        "be7f744c5fc3244b3c0ba313571c81640d3a9d61b3e55eb554c3a1fa17dd0c04",
    ),
)

STANDARD_LIBRARY_EXCLUDED = ("site-packages", "test", "tests", "idlelib", "lib2to3", "__pycache__")


def load_sources(downloads: Path) -> list[Source]:
    """Fetch what is missing from ``downloads`` and read every source."""
    downloads.mkdir(parents=True, exist_ok=True)
    sources = [_standard_library()]
    sources.extend(_read_wheel(wheel, _fetch_wheel(wheel, downloads)) for wheel in WHEELS)
    sources.extend(_read_debian(package, downloads) for package in DEBIAN_PACKAGES)
    return sources


def _check(path: Path, expected: str) -> None:
    actual = sha256_of_file(path)
    if actual != expected:
        raise ValueError(f"{path.name} has sha256 {actual}, the recipe expects {expected}")


def _only_match(downloads: Path, pattern: str) -> Path | None:
    matches = sorted(downloads.glob(pattern))
    return matches[0] if matches else None


def _fetch_wheel(wheel: Wheel, downloads: Path) -> Path:
    pattern = f"{re.sub('[-.]', '_', wheel.name)}-{wheel.version}-*.whl"
    path = _only_match(downloads, pattern)
    if path is None:
        requirement = f"{wheel.name}=={wheel.version}"
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--only-binary", ":all:", "--dest", str(downloads), requirement]
        subprocess.run(command, check=True)
        path = _only_match(downloads, pattern)
    if path is None:
        raise FileNotFoundError(f"pip download left no {pattern}")
    _check(path, wheel.sha256)
    return path


def _decode(data: bytes) -> str | None:
    if len(data) > MAX_FILE_BYTES:
        return None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return text.replace("\r\n", "\n").replace("\x00", "")


def _wheel_licence(metadata: str) -> str:
    fields = email.message_from_string(metadata)
    expression = fields.get("License-Expression")
    if expression:
        return str(expression)
    declared = (fields.get("License") or "").strip().splitlines()
    if declared:
        return declared[0]
    prefix = "License :: OSI Approved :: "
    for classifier in fields.get_all("Classifier", []):
        if classifier.startswith(prefix):
            return str(classifier.removeprefix(prefix))
    raise ValueError(f"no licence declared by {fields.get('Name')}")


def _read_wheel(wheel: Wheel, path: Path) -> Source:
    files: list[SourceFile] = []
    with zipfile.ZipFile(path) as archive:
        names = sorted(archive.namelist())
        metadata = next(name for name in names if name.endswith(".dist-info/METADATA"))
        licence = _wheel_licence(archive.read(metadata).decode("utf-8"))
        for name in names:
            text = _decode(archive.read(name)) if name.endswith(".py") else None
            if text:
                files.append(SourceFile(wheel.name, name, "python", text))
    return Source(wheel.name, wheel.version, "PyPI", licence, wheel.sha256, "python", tuple(files))


def _standard_library() -> Source:
    root = Path(sysconfig.get_paths()["stdlib"])
    files: list[SourceFile] = []
    digests: list[str] = []
    for path in sorted(root.rglob("*.py")):
        relative = path.relative_to(root)
        if any(part in STANDARD_LIBRARY_EXCLUDED for part in relative.parts):
            continue
        data = path.read_bytes()
        text = _decode(data)
        if text:
            files.append(SourceFile("cpython", relative.as_posix(), "python", text))
            digests.append(f"{sha256_of_bytes(data)}  {relative.as_posix()}\n")
    digest = sha256_of_bytes("".join(digests).encode())
    version = platform.python_version()
    return Source(
        "cpython", version, "running interpreter", "PSF-2.0", digest, "python", tuple(files)
    )


def _fetch_debian(package: DebianPackage, downloads: Path) -> Path:
    pattern = f"{package.name}_*.deb"
    path = _only_match(downloads, pattern)
    if path is None:
        requirement = f"{package.name}={package.version}"
        subprocess.run(["apt-get", "download", requirement], check=True, cwd=downloads)
        path = _only_match(downloads, pattern)
    if path is None:
        raise FileNotFoundError(f"apt-get download left no {pattern}")
    _check(path, package.sha256)
    return path


def _rust_files(root: Path, package: DebianPackage) -> Iterator[tuple[Path, str]]:
    for folder in package.folders:
        for path in sorted((root / folder).rglob("*.rs")):
            text = _decode(path.read_bytes()) if path.is_file() else None
            if text:
                yield path.relative_to(root), text


def _debian_licence(root: Path, package: DebianPackage) -> str:
    for manifest in sorted(root.rglob("Cargo.toml")):
        declared = re.search(r'^license = "([^"]+)"', manifest.read_text("utf-8"), re.MULTILINE)
        if declared:
            return declared.group(1)
    raise ValueError(f"no licence declared by {package.name}")


def _read_debian(package: DebianPackage, downloads: Path) -> Source:
    archive = _fetch_debian(package, downloads)
    root = downloads / "unpacked" / package.name
    if not root.is_dir():
        root.parent.mkdir(exist_ok=True)
        subprocess.run(["dpkg-deb", "-x", str(archive), str(root)], check=True)
    files = tuple(
        SourceFile(package.name, path.as_posix(), "rust", text)
        for path, text in _rust_files(root, package)
    )
    licence_root = root / package.folders[0]
    return Source(
        package.name,
        package.version,
        "Debian 12",
        _debian_licence(licence_root, package),
        package.sha256,
        "rust",
        files,
    )
