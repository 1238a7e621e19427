"""English verb forms and word lists of the offline rules. Leadership verbs are left out on purpose."""

from __future__ import annotations

# base, gerund, past: one verb a line.
_FORMS = """
add adding added
adjust adjusting adjusted
administer administering administered
analyse analysing analysed
analyze analyzing analyzed
answer answering answered
archive archiving archived
arrange arranging arranged
assemble assembling assembled
assess assessing assessed
assign assigning assigned
assist assisting assisted
automate automating automated
build building built
calculate calculating calculated
calibrate calibrating calibrated
capture capturing captured
categorise categorising categorised
categorize categorizing categorized
check checking checked
clean cleaning cleaned
code coding coded
collect collecting collected
compare comparing compared
compile compiling compiled
compute computing computed
configure configuring configured
connect connecting connected
contact contacting contacted
containerise containerising containerised
containerize containerizing containerized
convert converting converted
coordinate coordinating coordinated
count counting counted
create creating created
debug debugging debugged
define defining defined
deliver delivering delivered
deploy deploying deployed
describe describing described
design designing designed
detect detecting detected
develop developing developed
digitise digitising digitised
digitize digitizing digitized
distribute distributing distributed
document documenting documented
draft drafting drafted
draw drawing drew
edit editing edited
enter entering entered
estimate estimating estimated
evaluate evaluating evaluated
examine examining examined
execute executing executed
explain explaining explained
export exporting exported
extend extending extended
extract extracting extracted
filter filtering filtered
fix fixing fixed
format formatting formatted
gather gathering gathered
generate generating generated
handle handling handled
host hosting hosted
identify identifying identified
implement implementing implemented
import importing imported
improve improving improved
increase increasing increased
inspect inspecting inspected
install installing installed
integrate integrating integrated
interview interviewing interviewed
investigate investigating investigated
keep keeping kept
label labelling labelled
load loading loaded
log logging logged
maintain maintaining maintained
make making made
map mapping mapped
match matching matched
measure measuring measured
merge merging merged
migrate migrating migrated
model modelling modelled
monitor monitoring monitored
move moving moved
observe observing observed
operate operating operated
optimise optimising optimised
optimize optimizing optimized
order ordering ordered
organise organising organised
organize organizing organized
package packaging packaged
parse parsing parsed
plan planning planned
plot plotting plotted
prepare preparing prepared
present presenting presented
print printing printed
process processing processed
program programming programmed
proofread proofreading proofread
provide providing provided
publish publishing published
purchase purchasing purchased
query querying queried
read reading read
reconcile reconciling reconciled
record recording recorded
reduce reducing reduced
refactor refactoring refactored
register registering registered
release releasing released
render rendering rendered
repair repairing repaired
replace replacing replaced
report reporting reported
research researching researched
resolve resolving resolved
restore restoring restored
review reviewing reviewed
revise revising revised
rewrite rewriting rewrote
run running ran
schedule scheduling scheduled
select selecting selected
sell selling sold
send sending sent
serve serving served
set setting set
simulate simulating simulated
solder soldering soldered
solve solving solved
sort sorting sorted
store storing stored
study studying studied
summarise summarising summarised
summarize summarizing summarized
supply supplying supplied
support supporting supported
survey surveying surveyed
teach teaching taught
test testing tested
track tracking tracked
train training trained
transcribe transcribing transcribed
transform transforming transformed
translate translating translated
troubleshoot troubleshooting troubleshot
tune tuning tuned
tutor tutoring tutored
update updating updated
upgrade upgrading upgraded
upload uploading uploaded
validate validating validated
verify verifying verified
visualise visualising visualised
visualize visualizing visualized
wire wiring wired
write writing wrote
"""

_TABLE = tuple((base, gerund, past) for base, gerund, past in (line.split() for line in _FORMS.split("\n") if line))

PAST_OF_GERUND = {gerund: past for _, gerund, past in _TABLE}
PAST_OF_BASE = {base: past for base, _, past in _TABLE}
BASE_OF_GERUND = {gerund: base for base, gerund, _ in _TABLE}

# Gerunds that often stand before a noun, "testing equipment": verbs only when a determiner follows.
ATTRIBUTIVE = frozenset(
    {
        "building",
        "cleaning",
        "coding",
        "computing",
        "drawing",
        "engineering",
        "formatting",
        "hosting",
        "learning",
        "loading",
        "logging",
        "mapping",
        "marketing",
        "matching",
        "modelling",
        "monitoring",
        "operating",
        "ordering",
        "packaging",
        "planning",
        "printing",
        "processing",
        "programming",
        "purchasing",
        "reading",
        "recording",
        "reporting",
        "running",
        "scheduling",
        "serving",
        "setting",
        "sorting",
        "studying",
        "teaching",
        "testing",
        "tracking",
        "training",
        "tuning",
        "tutoring",
        "wiring",
    }
)

# "the maintenance of X" said as a verb.
PAST_OF_NOUN = {
    "analysis": "analysed",
    "calibration": "calibrated",
    "collection": "collected",
    "configuration": "configured",
    "creation": "created",
    "deployment": "deployed",
    "design": "designed",
    "development": "developed",
    "documentation": "documented",
    "evaluation": "evaluated",
    "implementation": "implemented",
    "installation": "installed",
    "integration": "integrated",
    "maintenance": "maintained",
    "migration": "migrated",
    "optimisation": "optimised",
    "optimization": "optimized",
    "preparation": "prepared",
    "repair": "repaired",
    "review": "reviewed",
    "simulation": "simulated",
    "testing": "tested",
    "translation": "translated",
    "validation": "validated",
}

# Past forms that may stand alone once a leading "I" is gone; an opening with "led" keeps what the source says.
PAST = frozenset(PAST_OF_GERUND.values()) | frozenset(
    [
        "achieved",
        "did",
        "gave",
        "got",
        "had",
        "helped",
        "learned",
        "learnt",
        "led",
        "managed",
        "participated",
        "supervised",
        "took",
        "used",
        "utilised",
        "utilized",
        "was",
        "were",
        "won",
        "worked",
    ]
)

# After "I have"; most participles equal the past form.
PAST_OF_PARTICIPLE = {
    "done": "did",
    "drawn": "drew",
    "given": "gave",
    "rewritten": "rewrote",
    "run": "ran",
    "taken": "took",
    "written": "wrote",
}
