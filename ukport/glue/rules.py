"""What ``ukport lint`` checks; every rule with the reason that makes it one."""

from ukport.finding import Rule, Severity

UNKNOWN_OPTION = Rule(
    "unknown-option",
    Severity.ERROR,
    "An option of core's that does not exist: Kconfig ignores a select of it in silence.",
)
FOREIGN_OPTION = Rule(
    "foreign-option",
    Severity.NOTE,
    "An option that neither core nor a library at hand defines; another library may.",
)
UNSET_CONFIG = Rule(
    "unset-config",
    Severity.WARNING,
    "A CONFIG_ name of this library's or of core's that no Config.uk defines: it is never set.",
)
KCONFIG_SYNTAX = Rule(
    "kconfig-syntax", Severity.ERROR, "A Config.uk that does not parse: nothing can be configured."
)
UNEVALUATED = Rule(
    "unevaluated",
    Severity.WARNING,
    "Make logic that cannot be evaluated here: what depends on it was not checked.",
)
UNCHECKED_ARCHIVE = Rule(
    "unchecked-archive",
    Severity.ERROR,
    "Core checks an archive only if LIBX_ORIGIN_SHA256 (or SHA1, SHA512, MD5) is set before fetch.",
)
INSECURE_URL = Rule(
    "insecure-url", Severity.WARNING, "An archive that is fetched without encryption."
)
FETCH_ARGUMENT = Rule(
    "fetch-argument", Severity.WARNING, "fetch takes a library and a URL; more is ignored."
)
BRANCH_ARCHIVE = Rule(
    "branch-archive",
    Severity.WARNING,
    "The archive of a branch changes with every commit: no sum of it can hold.",
)
NO_LIBRARY_FILE = Rule(
    "no-library-uk", Severity.NOTE, "Without Library.uk tools know neither version nor licence."
)
LIBRARY_SYNTAX = Rule(
    "library-syntax", Severity.ERROR, "A line of Library.uk that is no field and no version."
)
LIBRARY_VERSION = Rule(
    "library-version",
    Severity.ERROR,
    "Library.uk names other versions than Makefile.uk fetches.",
)
LIBRARY_ARCHIVE = Rule(
    "library-archive",
    Severity.WARNING,
    "Library.uk names another archive than Makefile.uk fetches, so its sum is not that one's.",
)
LIBRARY_SUM = Rule(
    "library-sum", Severity.ERROR, "Library.uk and Makefile.uk give different sums of one archive."
)
ARCHIVE_SUM = Rule(
    "archive-sum", Severity.ERROR, "The sum is not that of the archive at its address."
)
SOURCE_GONE = Rule("source-gone", Severity.ERROR, "A source that its archive does not hold.")
GLUE_GONE = Rule("glue-gone", Severity.ERROR, "A source that this repository does not hold.")
ORIGIN_UNKNOWN = Rule(
    "origin-unknown",
    Severity.NOTE,
    "The tree behind an archive could not be had: sources and patches were not checked.",
)
OBJECT_COLLISION = Rule(
    "object-collision",
    Severity.ERROR,
    "Objects are named by the base name of their source alone: one of the two is not linked.",
)
SOURCE_TWICE = Rule("source-twice", Severity.WARNING, "A source that is listed twice.")
PATCH_FUZZ = Rule(
    "patch-fuzz",
    Severity.WARNING,
    "A patch that only applies with fuzz: it may land in the wrong place, in silence.",
)
PATCH_CONFLICT = Rule("patch-conflict", Severity.ERROR, "A patch that does not apply.")
PATCH_SYNTAX = Rule("patch-syntax", Severity.ERROR, "A patch that cannot be read.")
PATCH_NUMBER = Rule(
    "patch-number",
    Severity.WARNING,
    "Two patches with one number: their order is that of their titles.",
)
PATCH_UNNUMBERED = Rule(
    "patch-unnumbered", Severity.NOTE, "Patches are applied by name: a number gives them an order."
)
PATCH_SUBJECT = Rule(
    "patch-subject", Severity.WARNING, "A patch that does not say what it does: no subject."
)
PATCH_STRAY = Rule(
    "patch-stray",
    Severity.ERROR,
    "Core feeds every file of the folder to patch, which fails on it.",
)

ALL = tuple(rule for rule in list(globals().values()) if isinstance(rule, Rule))
