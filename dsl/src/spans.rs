//! Walks over the spans of a syntax tree.

use fovea_graph::Span;

use crate::syntax::*;

/// What a span becomes.
type Map<'a> = &'a mut dyn FnMut(Span) -> Span;

impl Program {
    /// The same program with every span the default one, so that two programs can be compared by what they say.
    pub fn without_spans(self) -> Self {
        self.map_spans(&mut |_| Span::default())
    }

    /// The same program with every span replaced.
    pub fn map_spans(mut self, map: &mut dyn FnMut(Span) -> Span) -> Self {
        self.statements.iter_mut().for_each(|statement| in_statement(statement, map));
        self
    }
}

impl NetDef {
    /// Replaces every span.
    pub fn map_spans(&mut self, map: &mut dyn FnMut(Span) -> Span) {
        in_name(&mut self.name, map);
        in_chain(&mut self.chain, map);
        in_bindings(&mut self.bindings, map);
    }
}

fn in_statement(statement: &mut Statement, map: Map<'_>) {
    statement.span = map(statement.span);
    match &mut statement.kind {
        StatementKind::Net(net) => net.map_spans(map),
        StatementKind::Block(block) => {
            in_name(&mut block.name, map);
            for parameter in &mut block.parameters {
                in_name(&mut parameter.name, map);
                parameter.default.iter_mut().for_each(|default| in_expr(default, map));
            }
            in_chain(&mut block.chain, map);
        }
        StatementKind::Let(bindings) => in_bindings(bindings, map),
        StatementKind::Slide(slide) => {
            in_name(&mut slide.name, map);
            slide.span = map(slide.span);
        }
        StatementKind::Verb(verb) => {
            in_name(&mut verb.word, map);
            verb.parts.iter_mut().for_each(|part| in_part(part, map));
        }
    }
}

fn in_name(name: &mut Name, map: Map<'_>) {
    name.span = map(name.span);
}

fn in_bindings(bindings: &mut [Binding], map: Map<'_>) {
    for binding in bindings {
        in_name(&mut binding.name, map);
        in_expr(&mut binding.value, map);
    }
}

fn in_chain(chain: &mut Chain, map: Map<'_>) {
    chain.span = map(chain.span);
    chain.items.iter_mut().for_each(|item| in_item(item, map));
    if let Some(head) = &mut chain.head {
        head.span = map(head.span);
        head.classes.iter_mut().for_each(|classes| in_expr(classes, map));
    }
}

fn in_item(item: &mut Item, map: Map<'_>) {
    item.span = map(item.span);
    item.alias.iter_mut().for_each(|alias| in_name(alias, map));
    match &mut item.kind {
        ItemKind::Input | ItemKind::Identity | ItemKind::Shortcut(_) => {}
        ItemKind::Shape(sizes) => in_exprs(sizes, map),
        ItemKind::Layer(layer) => {
            layer.word_span = map(layer.word_span);
            layer.options.iter_mut().for_each(|option| in_option(option, map));
        }
        ItemKind::Group(chain, times) => {
            in_chain(chain, map);
            in_times(times, map);
        }
        ItemKind::Join(join, times) => {
            join.word_span = map(join.word_span);
            join.branches.iter_mut().for_each(|branch| in_chain(branch, map));
            in_times(times, map);
        }
        ItemKind::Call(call, times) => {
            in_name(&mut call.block, map);
            in_arguments(&mut call.arguments, map);
            in_times(times, map);
        }
        ItemKind::Reference(name, step) => {
            in_name(name, map);
            step.iter_mut().for_each(|step| in_expr(step, map));
        }
        ItemKind::Aux(weight, chain) => {
            weight.iter_mut().for_each(|weight| in_expr(weight, map));
            in_chain(chain, map);
        }
    }
}

fn in_times(times: &mut [Times], map: Map<'_>) {
    for times in times {
        times.span = map(times.span);
        times.variable.iter_mut().for_each(|name| in_name(name, map));
        in_expr(&mut times.count, map);
    }
}

fn in_arguments(arguments: &mut [Argument], map: Map<'_>) {
    for argument in arguments {
        argument.key.iter_mut().for_each(|key| in_name(key, map));
        in_expr(&mut argument.value, map);
        argument.unit.iter_mut().for_each(|unit| in_name(unit, map));
    }
}

fn in_option(option: &mut LayerOption, map: Map<'_>) {
    option.span = map(option.span);
    match &mut option.kind {
        OptionKind::Value(value) => in_expr(value, map),
        OptionKind::Size(sizes)
        | OptionKind::Glued(sizes)
        | OptionKind::Stride(sizes)
        | OptionKind::Keyed(_, sizes)
        | OptionKind::To(Target::Size(sizes)) => in_exprs(sizes, map),
        OptionKind::To(Target::Layer(name, step)) | OptionKind::Of(name, step) => {
            in_name(name, map);
            step.iter_mut().for_each(|step| in_expr(step, map));
        }
        OptionKind::To(Target::Input) => {}
        OptionKind::Flag(_) => {}
    }
}

fn in_exprs(exprs: &mut [Expr], map: Map<'_>) {
    exprs.iter_mut().for_each(|expr| in_expr(expr, map));
}

fn in_expr(expr: &mut Expr, map: Map<'_>) {
    expr.span = map(expr.span);
    match &mut expr.kind {
        ExprKind::Number(_) | ExprKind::Name(_) => {}
        ExprKind::List(elements) => in_exprs(elements, map),
        ExprKind::Negate(inner) => in_expr(inner, map),
        ExprKind::Index(left, right) | ExprKind::Binary(_, left, right) => {
            in_expr(left, map);
            in_expr(right, map);
        }
    }
}

fn in_part(part: &mut Part, map: Map<'_>) {
    part.span = map(part.span);
    match &mut part.kind {
        PartKind::Select(_, first, end) => {
            in_expr(first, map);
            end.iter_mut().for_each(|end| in_expr(end, map));
        }
        PartKind::Value(value) => in_expr(value, map),
        PartKind::Size(sizes) | PartKind::Stride(sizes) => in_exprs(sizes, map),
        PartKind::Matrix(rows) => rows.iter_mut().for_each(|row| in_exprs(row, map)),
        PartKind::Call(_, arguments) => in_arguments(arguments, map),
        PartKind::Stretch(first, last) => [first, last].into_iter().for_each(|name| in_name(name, map)),
        PartKind::Word(_)
        | PartKind::Ratio(..)
        | PartKind::Range(..)
        | PartKind::Text(_)
        | PartKind::Comma
        | PartKind::Equals => {}
    }
}
