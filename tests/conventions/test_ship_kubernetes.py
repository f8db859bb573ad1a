"""deploy/kubernetes: valid by the schemas of Kubernetes, and safe by what they say."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import click
import kubernetes_validate
import pytest
from ruamel.yaml import YAML

from shared.bus.queues import TaskQueue
from shared.settings import Settings, describe, load_settings
from tests.fixtures.kustomize import build
from tests.fixtures.shipped import containers, image_environment
from workers.cli import baton
from workers.processes.table import process_table

#: Kinds of operators that a cluster may have; their schemas come with the operators.
_CUSTOM = {"ScaledObject", "PodMonitor"}
#: The oldest release that the manifests are meant for, and the newest that the schemas know.
_VERSIONS = ("1.31", "1.37")


@pytest.fixture(scope="module", params=["dev", "production"])
def overlay(request: pytest.FixtureRequest, root: Path) -> Path:
    """The folder of an overlay."""
    folder: Path = root / "deploy/kubernetes/overlays" / request.param
    return folder


@pytest.fixture(scope="module")
def manifests(overlay: Path) -> list[dict[str, Any]]:
    """All manifests of the overlay."""
    return build(overlay)


def _of_kind(manifests: list[dict[str, Any]], *kinds: str) -> dict[str, dict[str, Any]]:
    return {one["metadata"]["name"]: one for one in manifests if one["kind"] in kinds}


@pytest.mark.parametrize("version", _VERSIONS)
def test_every_manifest_is_valid(manifests: list[dict[str, Any]], version: str) -> None:
    """By the schema of its kind, strictly: no field is misspelt, none is of another type."""
    for one in manifests:
        if one["kind"] not in _CUSTOM:
            kubernetes_validate.validate(one, version, strict=True)

    assert {one["kind"] for one in manifests} >= {"Deployment", "Job", "NetworkPolicy", "PodDisruptionBudget"}


def test_we_build_what_kustomize_builds(overlay: Path, manifests: list[dict[str, Any]]) -> None:
    """Where kustomize or kubectl is installed it gives the same manifests: what is checked here is what is applied."""
    tools = {"kustomize": ["kustomize", "build"], "kubectl": ["kubectl", "kustomize"]}
    for tool, command in tools.items():
        if shutil.which(tool):
            built = subprocess.run([*command, str(overlay)], capture_output=True, text=True, check=True).stdout
            real = {(one["kind"], one["metadata"]["name"]): one for one in YAML(typ="safe").load_all(built)}
            assert real == {(one["kind"], one["metadata"]["name"]): one for one in manifests}

    assert len({(one["kind"], one["metadata"]["name"]) for one in manifests}) == len(manifests)


def test_every_process_is_a_deployment(manifests: list[dict[str, Any]]) -> None:
    """The names are those of `baton status`."""
    assert set(_of_kind(manifests, "Deployment")) == {spec.name for spec in process_table(Settings())}


def test_every_command_is_one_of_ours(manifests: list[dict[str, Any]]) -> None:
    """The arguments are parsed as the command line parses them; a process called after a room runs that room."""
    seen = {}
    for name, _, container in containers(manifests):
        if "baton-routing" in container["image"]:
            words = container["args"]
            command = baton.get_command(click.Context(baton), words[0])
            assert command is not None, name
            command.make_context(words[0], words[1:])
            seen[name] = words

    assert seen.pop("baton-migrate") == ["migrate"]
    assert all(words == (name.split("-", 1) if "-" in name else [name]) for name, words in seen.items())


def test_every_setting_is_one_of_ours(manifests: list[dict[str, Any]], tmp_path: Path) -> None:
    """What the image, the map of settings and the files of secrets give is accepted whole."""
    secrets = {"database-url": "postgresql://u:p@host/baton", "redis-url": "redis://host:6379/0"}
    for name, value in secrets.items():
        (tmp_path / name).write_text(value)
    settings = _of_kind(manifests, "ConfigMap")["baton-settings"]["data"]
    image = {name: value for name, value in image_environment().items() if name.startswith("BATON_")}
    for _, _, container in containers(manifests):
        if "baton-routing" in container["image"]:
            env = {one["name"]: one["value"].replace("/etc/baton", str(tmp_path)) for one in container["env"]}
            loaded = load_settings({**image, **settings, **env})
            assert loaded.database_url == secrets["database-url"]

    assert set(settings) <= {one.name for one in describe()}


def test_pods_can_do_nothing_but_their_work(manifests: list[dict[str, Any]]) -> None:
    """The restricted profile of Kubernetes, a root file system that nobody writes, and bounded memory."""
    for name, pod, container in containers(manifests):
        if "baton-routing" not in container["image"]:
            continue
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert pod["automountServiceAccountToken"] is False, name
        assert pod["enableServiceLinks"] is False, name
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }, name
        assert container["resources"]["requests"], name
        assert container["resources"]["limits"]["memory"], name


def test_a_lost_server_never_fails_liveness(manifests: list[dict[str, Any]]) -> None:
    """Being alive is /healthz, which asks no server; being ready is /readyz, which does."""
    for name, deployment in _of_kind(manifests, "Deployment").items():
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        assert container["livenessProbe"]["httpGet"]["path"] == "/healthz", name
        assert container["startupProbe"]["httpGet"]["path"] == "/healthz", name
        assert container["readinessProbe"]["httpGet"]["path"] == "/readyz", name
        assert container["ports"] == [{"name": "metrics", "containerPort": 9464}], name


def test_a_release_stops_nothing(manifests: list[dict[str, Any]]) -> None:
    """A new pod is ready before an old one leaves, which has time to end its batch; a drain takes one at a time."""
    deployments = _of_kind(manifests, "Deployment")
    budgets = _of_kind(manifests, "PodDisruptionBudget")

    for name, deployment in deployments.items():
        assert deployment["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0, name
        assert deployment["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] >= 30 + 32, name
    assert set(budgets) == set(deployments) - {"exporter"}
    for name, budget in budgets.items():
        assert budget["spec"]["maxUnavailable"] == 1, name
        assert budget["spec"]["selector"] == deployments[name]["spec"]["selector"], name


def test_pods_are_selected_by_the_labels_they_have(manifests: list[dict[str, Any]]) -> None:
    """A Deployment finds its own pods and no others."""
    for name, deployment in _of_kind(manifests, "Deployment").items():
        labels = deployment["spec"]["template"]["metadata"]["labels"]
        assert deployment["spec"]["selector"]["matchLabels"] == labels, name
        assert labels == {"app.kubernetes.io/name": "baton", "app.kubernetes.io/component": name}, name


def test_the_outside_is_reached_by_who_works_there(manifests: list[dict[str, Any]]) -> None:
    """Every pod is behind the policy; vendors, Slack and webhooks are reached from two rooms."""
    policies = _of_kind(manifests, "NetworkPolicy")

    assert policies["baton"]["spec"]["podSelector"] == {"matchLabels": {"app.kubernetes.io/name": "baton"}}
    assert policies["baton"]["spec"]["policyTypes"] == ["Ingress", "Egress"]
    (expression,) = policies["baton-outside"]["spec"]["podSelector"]["matchExpressions"]
    assert set(expression["values"]) == {"worker-enrichment", "worker-notification"}
    assert set(expression["values"]) <= set(_of_kind(manifests, "Deployment"))


def test_scaling_follows_what_waits(root: Path) -> None:
    """Each rule of KEDA asks for a queue that exists, and the Deployment that it scales names no number itself."""
    manifests = build(root / "deploy/kubernetes/overlays/production")
    deployments = _of_kind(manifests, "Deployment")
    rules = _of_kind(manifests, "ScaledObject")
    queues = {f'queue="{queue.value}"' for queue in TaskQueue}

    assert len(rules) == 6
    for name, rule in rules.items():
        spec = rule["spec"]
        (trigger,) = spec["triggers"]
        query = trigger["metadata"]["query"]
        assert spec["scaleTargetRef"] == {"name": name}
        assert "replicas" not in deployments[name]["spec"], name
        assert 1 <= spec["minReplicaCount"] <= spec["fallback"]["replicas"] <= spec["maxReplicaCount"], name
        assert trigger["type"] == "prometheus"
        assert "baton_stream_lag" in query or any(queue in query for queue in queues), name
    assert {name: one["spec"].get("replicas") for name, one in deployments.items() if name not in rules} == {
        "exporter": 1,
        **dict.fromkeys(("keeper", "worker-intake", "worker-timers", "worker-reassignment"), 2),
    }
