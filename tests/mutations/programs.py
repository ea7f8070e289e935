"""The test programs that are to catch mutants, in the order in which they are tried. A program whose
sources are not there is left out."""
from dataclasses import dataclass, field

# Who uses what another thread wrote, and nothing orders the two, is caught: whatever the machine's memory does.
RACES = ("-O1", "-fsanitize=thread")
LEAKS = ("-fsanitize=leak",)  # whoever leaks is caught


@dataclass(frozen=True)
class Program:
    name: str
    sources: tuple          # below the root
    includes: tuple = ()
    environment: dict = field(default_factory=dict)
    link: tuple = ()
    flags: tuple = ()  # to compile with, beside those of all
    # Plain tests on x86 cannot tell a weaker memory order; a program that explores schedules can, and the thread
    # sanitizer.
    sees_memory_orders: bool = False
    only_for_orders: str = ""  # tests whose name ends so show nothing else that the others do not


def _below(folder, *names):
    return tuple(f"{folder}/{name}.cpp" for name in names)


THREADS = _below("core/tests", "adaptive/lanes_test", "handing_over_test", "rules/concurrency_test",
                 "rules/everything_at_once_test")
PROGRAMS = [
    Program("rules", _below("core/tests/rules", "adaptive_recovery_test", "adaptive_slowness_test", "adaptive_test", "clock_choice_test", "closed_at_once_test", "closed_test",
                            "closed_windows_test",
                            "edges_of_evidence_test", "edges_of_keeping_test", "edges_of_recovery_test",
                            "edges_of_windows_test", "edges_test", "events_test", "evidence_ramp_reload_test",
                            "evidence_ramp_test",
                            "half_open_test", "keeping_test", "leases_test", "open_test", "operators_test", "override_until_test", "pacing_test",
                            "permits_test", "ramp_test", "registry_test", "settings_test", "time_test"), link=LEAKS),
    Program("surface", _below("core/tests", "call_test", "classify_test", "hot_path_test", "judging_test", "probing_test", "result_test",
                              "tally_test", "text_test", "utf8_test", "window_test", "word_test"), link=LEAKS),
    Program("recovery_formulas", _below("core/tests", "evidence_ramp_model_test", "pacing_formula_test", "record_test", "steering_test"), link=LEAKS),
    Program("adaptive", _below("core/tests/adaptive", "budget_test", "detector_test", "evidence_test", "good_calls_test", "healthy_model_test", "keeping_test",
                            "latency_limit_test", "latency_test", "parts_test", "promises_test", "stream_test",
                            "watch_life_test", "watch_test"), link=LEAKS),
    Program("allocation", _below("core/tests/rules", "allocation_test", "counted_memory", "no_memory_test")),
    Program("model", _below("tests/model", "history", "model_test", "play"),
            environment={"SWITCHGEAR_MODEL_SEED": "1", "SWITCHGEAR_MODEL_STEPS": "200000"}),
    Program("extremes", _below("core/tests/extremes", "limits_test", "wraps_test"), includes=("core/tests/extremes",)),
    Program("interleave", _below("tests/interleave", "engine_test", "parts_of_locks_test", "parts_of_probing_test", "parts_of_recovery_test", "parts_test", "refusals_test", "scenarios_test",
                            "scenario", "scenarios_adaptive", "scenarios_admission", "scenarios_evidence", "scenarios_judging",
                            "scenarios_orders", "scenarios_probing", "scenarios_reload", "scenarios_trip",
                            "scenarios_verdicts", "stage"),
            includes=("tests/interleave",), flags=("-O2",), sees_memory_orders=True, only_for_orders="_with_weak_memory"),
    Program("concurrency", THREADS),
    Program("races", THREADS, flags=RACES, sees_memory_orders=True,
            environment={"TSAN_OPTIONS": "halt_on_error=1"}),
    Program("linearizable", _below("tests/linearizable", "history", "linearizable_test", "recorder", "search"),
            includes=("tests/linearizable",)),
]
