"""Records: typed results, where they come from, and the files they are kept in. No torch."""

from plip.records.ablation import (
    Ablated,
    AblationGroup,
    AblationPoint,
    AblationSample,
    AblationSummary,
    AblationWindow,
    ComparisonRecord,
)
from plip.records.audit import AuditManifest
from plip.records.base import Record, UnitRecord
from plip.records.calibration import (
    CalibrationSample,
    CalibrationSummary,
    GroupAttention,
    LayerAttention,
    LayerSummary,
)
from plip.records.continuations import (
    ContinuationRecord,
    DetectionRecord,
    PromptRecord,
    Proportion,
    SteeringRecord,
    SyntaxRecord,
)
from plip.records.dose_response import (
    Condition,
    DosePoint,
    DoseResponseSample,
    DoseResponseSummary,
    DoseSummary,
    Mechanism,
    Spread,
)
from plip.records.files import check_writable, write_file
from plip.records.generation import (
    CodeMatchRecord,
    GenerationGroup,
    GenerationPair,
    GenerationSample,
    GenerationSummary,
    PairedOutcomes,
    SimilarityRecord,
)
from plip.records.lines import AnyRecord
from plip.records.persistence import (
    ContrastRecord,
    PersistenceCell,
    PersistenceDesign,
    PersistenceRate,
    PersistenceSummary,
    RateRecord,
)
from plip.records.provenance import (
    Manifest,
    SubjectRecord,
    Versions,
    combined_digest,
    installed_versions,
)
from plip.records.sample import CovariatesRecord, SampleRecord
from plip.records.scan import (
    HeadAsymmetry,
    HeldOut,
    Response,
    ScanSample,
    ScanSummary,
    SiteResponse,
)
from plip.records.store import RunStore, check_directory, read_run

__all__ = [
    "Ablated",
    "AblationGroup",
    "AblationPoint",
    "AblationSample",
    "AblationSummary",
    "AblationWindow",
    "AnyRecord",
    "AuditManifest",
    "CalibrationSample",
    "CalibrationSummary",
    "CodeMatchRecord",
    "ComparisonRecord",
    "Condition",
    "ContinuationRecord",
    "ContrastRecord",
    "CovariatesRecord",
    "DetectionRecord",
    "DosePoint",
    "DoseResponseSample",
    "DoseResponseSummary",
    "DoseSummary",
    "GenerationGroup",
    "GenerationPair",
    "GenerationSample",
    "GenerationSummary",
    "GroupAttention",
    "HeadAsymmetry",
    "HeldOut",
    "LayerAttention",
    "LayerSummary",
    "Manifest",
    "Mechanism",
    "PairedOutcomes",
    "PersistenceCell",
    "PersistenceDesign",
    "PersistenceRate",
    "PersistenceSummary",
    "PromptRecord",
    "Proportion",
    "RateRecord",
    "Record",
    "Response",
    "RunStore",
    "SampleRecord",
    "ScanSample",
    "ScanSummary",
    "SimilarityRecord",
    "SiteResponse",
    "Spread",
    "SteeringRecord",
    "SubjectRecord",
    "SyntaxRecord",
    "UnitRecord",
    "Versions",
    "check_directory",
    "check_writable",
    "combined_digest",
    "installed_versions",
    "read_run",
    "write_file",
]
