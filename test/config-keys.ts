import { databaseConfigSchema } from 'glue-core';
import { inboundConfigSchema } from 'glue-inbound';
import { outboundConfigSchema } from 'glue-outbound';
import ts from 'typescript';
import { z } from 'zod';

/** The parts of a JSON Schema that lead to keys. */
interface Node {
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  readonly oneOf?: readonly Node[];
  readonly anyOf?: readonly Node[];
}

/** The parts of the schema that the host takes from other packages. */
const foreign: Readonly<Record<string, z.ZodType>> = { databaseConfigSchema };

/**
 * Every key of the host's config, written `host.port` and, below a list, `backends[].type`. The schema is no export
 * of the host, and a test imports no other workspace by path: so its source is read.
 */
export function schemaKeys(source: string): string[] {
  const constants = constantsOf(
    ts.createSourceFile('config-schema.ts', source, ts.ScriptTarget.Latest, true),
  );
  const own = keysOf(ts.factory.createIdentifier('schema'), '', constants);
  const sides = Object.entries({ inbound: inboundConfigSchema, outbound: outboundConfigSchema });
  const ofSides = sides.flatMap(([side, schema]) => [side, ...keysBelow(jsonSchema(schema), side)]);
  return [...new Set([...own, ...ofSides])];
}

type Constants = ReadonlyMap<string, ts.Expression>;

function constantsOf(file: ts.SourceFile): Constants {
  const declarations = file.statements
    .filter((statement) => ts.isVariableStatement(statement))
    .flatMap(({ declarationList }) => [...declarationList.declarations]);
  return new Map(
    declarations.flatMap(({ name, initializer }) =>
      ts.isIdentifier(name) && initializer ? [[name.text, initializer] as const] : [],
    ),
  );
}

/** Keys of a zod expression: an object's own and those below; `x.default(…)` and the like are those of `x`. */
function keysOf(expression: ts.Expression, at: string, constants: Constants): string[] {
  if (ts.isIdentifier(expression)) {
    const schema = foreign[expression.text];
    if (schema) return keysBelow(jsonSchema(schema), at);
    const constant = constants.get(expression.text);
    return constant ? keysOf(constant, at, constants) : [];
  }
  if (!ts.isCallExpression(expression) || !ts.isPropertyAccessExpression(expression.expression)) return [];
  const { expression: target, name } = expression.expression;
  if (!ts.isIdentifier(target) || target.text !== 'z') return keysOf(target, at, constants);
  const inner = expression.arguments.at(-1);
  if (!inner) return [];
  if (name.text === 'array') return keysOf(inner, `${at}[]`, constants);
  if (ts.isArrayLiteralExpression(inner))
    return inner.elements.flatMap((choice) => keysOf(choice, at, constants));
  if (name.text !== 'strictObject' || !ts.isObjectLiteralExpression(inner)) return [];
  return inner.properties.flatMap((property) => {
    if (!property.name || !ts.isIdentifier(property.name)) return [];
    const key = join(at, property.name.text);
    const value = ts.isPropertyAssignment(property) ? property.initializer : property.name;
    return [key, ...keysOf(value, key, constants)];
  });
}

function keysBelow({ properties = {}, items, oneOf = [], anyOf = [] }: Node, at: string): string[] {
  return [
    ...Object.entries(properties).flatMap(([name, below]) => {
      const key = join(at, name);
      return [key, ...keysBelow(below, key)];
    }),
    ...(items ? keysBelow(items, `${at}[]`) : []),
    ...[...oneOf, ...anyOf].flatMap((choice) => keysBelow(choice, at)),
  ];
}

const jsonSchema = (schema: z.ZodType): Node => z.toJSONSchema(schema, { io: 'input' }) as Node;
const join = (at: string, key: string) => (at === '' ? key : `${at}.${key}`);
