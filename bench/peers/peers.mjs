// What a protected call that does nothing costs with cockatiel and with opossum, admitted and refused: prints one
// JSON object, row to nanoseconds of each repetition. The rows take turns, so that a noisy moment hits them all.
//
//     node peers.mjs [REPETITIONS [MILLISECONDS]]      (bench/run calls it; npm ci installs what it needs)
import { circuitBreaker, ConsecutiveBreaker, CountBreaker, SamplingBreaker, handleAll } from 'cockatiel';
import CircuitBreaker from 'opossum';

const repetitions = Number(process.argv[2] ?? 7);
const milliseconds = Number(process.argv[3] ?? 200);
const hour = 3_600_000;
const succeed = async () => 1;
const fail = async () => { throw new Error('down'); };

const cockatielWith = (breaker) => circuitBreaker(handleAll, { halfOpenAfter: hour, breaker });

async function opened() {
  const policy = cockatielWith(new ConsecutiveBreaker(1));
  await policy.execute(fail).catch(() => {});
  return policy;
}

function openedOpossum() {
  const breaker = new CircuitBreaker(succeed, { resetTimeout: hour });
  breaker.open();
  return breaker;
}

// An admitted call fulfils; a refused one must reject, or the row is not about what its name says.
const admitted = (call) => async (count) => { for (let i = 0; i < count; i++) await call(); };
const refused = (call) => async (count) => {
  for (let i = 0; i < count; i++) {
    let rejected = false;
    try { await call(); } catch { rejected = true; }
    if (!rejected) throw new Error('a call was admitted that should have been refused');
  }
};

const inARow = cockatielWith(new ConsecutiveBreaker(5));
const last100 = cockatielWith(new CountBreaker({ threshold: 0.5, size: 100 }));
const last10s = cockatielWith(new SamplingBreaker({ threshold: 0.5, duration: 10_000 }));
const broken = await opened();
const opossum = new CircuitBreaker(succeed, { timeout: false, volumeThreshold: 20, rollingCountTimeout: 10_000 });
const brokenOpossum = openedOpossum();

const rows = {
  'call alone': admitted(succeed),
  'cockatiel/in_a_row': admitted(() => inARow.execute(succeed)),
  'cockatiel/last_100': admitted(() => last100.execute(succeed)),
  'cockatiel/last_10s': admitted(() => last10s.execute(succeed)),
  'cockatiel/refused': refused(() => broken.execute(succeed)),
  'opossum/last_10s': admitted(() => opossum.fire()),
  'opossum/refused': refused(() => brokenOpossum.fire()),
};

async function nanoseconds(row, count) {
  const begun = process.hrtime.bigint();
  await row(count);
  return Number(process.hrtime.bigint() - begun) / count;
}

const counts = {};
for (const [name, row] of Object.entries(rows)) {
  await nanoseconds(row, 20_000); // the compiler's warm-up
  counts[name] = Math.max(1_000, Math.round((milliseconds * 1e6) / (await nanoseconds(row, 20_000))));
}
const samples = Object.fromEntries(Object.keys(rows).map((name) => [name, []]));
for (let i = 0; i < repetitions; i++) {
  for (const [name, row] of Object.entries(rows)) samples[name].push(await nanoseconds(row, counts[name]));
}
console.log(JSON.stringify({ runtime: `Node ${process.versions.node}`, samples }));
process.exit(0); // opossum's timers would keep the process
