// Validates a bundle against the structure of FHIR R4: elements and their types,
// how often they may stand, and codes of value sets that are required.
//
//   node validate.mjs BUNDLE.json
//
// It knows no profiles; what BALP asks for beyond R4 is tested in
// audit/src/fhir/tests.rs.
import { readFileSync } from "node:fs";
import { Fhir } from "fhir";

const [file] = process.argv.slice(2);
if (!file) {
  console.error("error: name the bundle to validate");
  process.exit(2);
}

const fhir = new Fhir();
// Codes beyond those that R4 lists are allowed where a binding is extensible.
const errors = (resource) =>
  fhir
    .validate(resource, { errorOnUnexpected: true })
    .messages.filter(({ severity }) => severity === "error" || severity === "fatal");

let bundle;
try {
  bundle = JSON.parse(readFileSync(file, "utf8"));
} catch (error) {
  console.error(`error: cannot read ${file}: ${error.message}`);
  process.exit(1);
}
const found = errors(bundle);
for (const { resourceId, location, message } of found) {
  console.error(`error: ${resourceId ?? ""} ${location}: ${message}`);
}
if (found.length > 0) process.exit(1);

// A validator that finds nothing anywhere would be of no use.
const breaks = {
  "a missing source": (event) => delete event.source,
  "an unknown element": (event) => (event.patient = "5F"),
  "an unknown action": (event) => (event.action = "X"),
  "a text in place of a yes": (event) => (event.agent[0].requestor = "yes"),
  "a list in place of one": (event) => (event.type = [event.type]),
};
for (const [name, damage] of Object.entries(breaks)) {
  const broken = structuredClone(bundle);
  damage(broken.entry[0].resource);
  if (errors(broken).length === 0) {
    console.error(`error: the validator does not find ${name}`);
    process.exit(1);
  }
}
console.log(`${bundle.entry.length} passed, 0 failed`);
