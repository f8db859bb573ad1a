"""The four dashboards: each panel asks one question, and the first row of each answers the one that it is there for."""

from deploy.grafana.overview import OVERVIEW
from deploy.grafana.quality import QUALITY
from deploy.grafana.reassignment import REASSIGNMENT
from deploy.grafana.workers import WORKERS

DASHBOARDS = (OVERVIEW, WORKERS, QUALITY, REASSIGNMENT)
