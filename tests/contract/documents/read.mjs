// Reads OpenAPI documents with a parser of the JavaScript world and prints what it complains about; nothing means that it is content.
import { createRequire } from "node:module";
import { join } from "node:path";

const [modules, ...paths] = process.argv.slice(2);
const SwaggerParser = createRequire(join(modules, "package.json"))("@apidevtools/swagger-parser");
for (const path of paths) {
  try {
    await SwaggerParser.validate(path);
  } catch (error) {
    console.log(`${path}: ${error.message}`);
  }
}
