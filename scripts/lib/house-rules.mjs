/**
 * Rules of this house that the linter doesn't know, as a plugin of it.
 *
 * @typedef {{ type: string, name?: string, callee?: Node, object?: Node, property?: Node, arguments?: Node[], expression?: Node, typeAnnotation?: Node }} Node
 * @typedef {{ report(fault: { node: Node, message: string }): void }} Context
 */

const ASK = 'Ask the injected Clock for the time.';

/** Time comes from the injected clock; only the clock itself asks the machine. */
const clockOnly = {
  /** @param {Context} context */
  create: (context) => ({
    /** @param {Node} node */
    NewExpression(node) {
      if (node.callee?.name === 'Date' && node.arguments?.length === 0) context.report({ node, message: ASK });
    },
    /** @param {Node} node */
    CallExpression(node) {
      if (node.callee?.object?.name === 'Date' && node.callee.property?.name === 'now') context.report({ node, message: ASK });
    },
  }),
};

const noDoubleCast = {
  /** @param {Context} context */
  create: (context) => ({
    /** @param {Node} node */
    TSAsExpression(node) {
      const inner = node.expression;
      if (inner?.type === 'TSAsExpression' && inner.typeAnnotation?.type === 'TSUnknownKeyword') {
        context.report({ node, message: 'A cast by way of unknown hides a mistake: narrow the type instead.' });
      }
    },
  }),
};

export default { meta: { name: 'house' }, rules: { 'clock-only': clockOnly, 'no-double-cast': noDoubleCast } };
