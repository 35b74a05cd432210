// Asks a source SPARQL queries with Comunica: node ask.mjs URL TYPE QUERY…
// TYPE is qpf, sparql or another one that Comunica knows, or auto to let it find out. Prints a line of JSON for each
// query: SPARQL results, or the triples of a graph as {"ntriples": "…"}.
import { QueryEngine } from '@comunica/query-sparql';

const [url, type, ...queries] = process.argv.slice(2);
if (!queries.length) {
  console.error('Usage: node ask.mjs URL TYPE QUERY…');
  process.exit(2);
}
const sources = [type === 'auto' ? url : { type, value: url }];
const engine = new QueryEngine();

async function written(result, mediaType) {
  const { data } = await engine.resultToString(result, mediaType);
  const pieces = [];
  for await (const piece of data) pieces.push(piece.toString());
  return pieces.join('');
}

for (const query of queries) {
  const result = await engine.query(query, { sources });
  if (result.resultType === 'quads') {
    console.log(JSON.stringify({ ntriples: await written(result, 'application/n-triples') }));
  } else {
    // Without what Comunica adds of its own: how many requests it made.
    const { metadata, ...answer } = JSON.parse(await written(result, 'application/sparql-results+json'));
    console.log(JSON.stringify(answer));
  }
}
