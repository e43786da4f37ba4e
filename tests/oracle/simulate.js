// Reads simulations (a JSON array) and writes what the other evaluator says of each: Allowed, ExplicitlyDenied,
// ImplicitlyDenied, or the reason why it can't say.
import { readFileSync } from "node:fs";
import { runSimulation } from "@cloud-copilot/iam-simulate";

const said = [];
for (const simulation of JSON.parse(readFileSync(0, "utf8"))) {
  const answer = await runSimulation(simulation, {});
  said.push(answer.resultType === "single" ? answer.overallResult : JSON.stringify(answer.errors ?? answer));
}
process.stdout.write(JSON.stringify(said));
