//! What is outside of Azure: sites and customers on top, circuits below their customers.

use super::boxes::{Words, box_size, said};
use super::columns::Columns;
use super::{Layout, MARGIN, Placed};
use crate::geometry::{GRID, Rect};
use crate::scene::{Kind, NodeId, Scene};

/// The room between boxes side by side.
const BETWEEN: i32 = 40;
/// The room between rows.
const ROWS: i32 = 50;

/// Boxes one below the other: a site alone, or a customer and the circuit.
#[derive(Debug)]
struct Stack {
    boxes: Vec<NodeId>,
    width: i32,
    height: i32,
    /// Where its middle is best, counted from the left edge of the columns.
    wanted: i32,
}

/// Rows of what is outside.
#[derive(Debug)]
pub(super) struct Outside {
    rows: Vec<Vec<Stack>>,
    pub(super) width: i32,
    scene: Scene,
}

impl Outside {
    /// What is outside of the estate, in rows about as wide as so much.
    pub(super) fn of(scene: &Scene, columns: &Columns, width: i32) -> Self {
        let mut stacks = stacks(scene, columns);
        stacks.sort_by_key(|stack| stack.wanted);
        let widths = stacks.iter().map(|stack| stack.width + BETWEEN);
        let total: i32 = widths.sum();
        let rows = if total <= width {
            vec![stacks]
        } else {
            let (circuits, sites): (Vec<_>, Vec<_>) =
                stacks.into_iter().partition(|stack| stack.boxes.len() > 1);
            let mut rows = in_rows(sites, width);
            rows.extend(in_rows(circuits, width));
            rows
        };
        let rows: Vec<Vec<Stack>> = rows.into_iter().filter(|row| !row.is_empty()).collect();
        let used = rows.iter().map(|row| {
            let widths = row.iter().map(|stack| stack.width + BETWEEN);
            widths.sum::<i32>() - BETWEEN
        });
        Self {
            width: used.max().unwrap_or(0),
            rows,
            scene: scene.clone(),
        }
    }

    /// Enters everything in the layout below a line; the columns begin at `left`. Says where what is
    /// below may begin.
    pub(super) fn place(&self, layout: &mut Layout, top: i32, left: i32) -> i32 {
        let mut y = top;
        for row in &self.rows {
            let lefts = spread(row);
            for (stack, x) in row.iter().zip(lefts) {
                let x = left + x;
                let mut below = y;
                for id in &stack.boxes {
                    let (width, height) = box_size(self.scene.node(*id));
                    let x = x + (stack.width - width) / 20 * GRID;
                    let rect = Rect::new(x, below, width, height);
                    let words = Words::centered(rect, &said(self.scene.node(*id)));
                    layout.nodes[id.0] = Some(Placed { rect, words });
                    below += height + ROWS;
                }
            }
            let heights = row.iter().map(|stack| stack.height);
            y += heights.max().unwrap_or(0) + ROWS;
        }
        // Nothing stands left of the margin.
        let placed = self.rows.iter().flatten().flat_map(|stack| &stack.boxes);
        let lefts = placed.clone().filter_map(|id| layout.rect(*id));
        let least = lefts.map(|rect| rect.x).min().unwrap_or(MARGIN);
        if least < MARGIN {
            for id in placed {
                if let Some(placed) = &mut layout.nodes[id.0] {
                    placed.rect.x += MARGIN - least;
                    placed
                        .words
                        .0
                        .iter_mut()
                        .for_each(|word| word.at.x += MARGIN - least);
                }
            }
        }
        if self.rows.is_empty() { y } else { y + GRID }
    }
}

/// A stack for each circuit with its customer, each site, the internet.
fn stacks(scene: &Scene, columns: &Columns) -> Vec<Stack> {
    let circuits = scene.all().filter(|(_, node)| node.kind == Kind::Circuit);
    let mut used = Vec::new();
    let mut stacks = Vec::new();
    for (id, _) in circuits {
        let customer = scene.joins.iter().find_map(|join| {
            let other = match (join.a, join.b) {
                (a, b) if a == id => b,
                (a, b) if b == id => a,
                _ => return None,
            };
            let is_free = scene.node(other).kind == Kind::Customer && !used.contains(&other);
            is_free.then_some(other)
        });
        used.extend(customer);
        stacks.push(stack(
            scene,
            columns,
            customer.into_iter().chain([id]).collect(),
        ));
    }
    let alone = scene.all().filter(|(id, node)| {
        node.kind.is_outside() && node.kind != Kind::Circuit && !used.contains(id)
    });
    let alone: Vec<NodeId> = alone.map(|(id, _)| id).collect();
    stacks.extend(alone.into_iter().map(|id| stack(scene, columns, vec![id])));
    stacks
}

fn stack(scene: &Scene, columns: &Columns, boxes: Vec<NodeId>) -> Stack {
    let sizes: Vec<_> = boxes.iter().map(|id| box_size(scene.node(*id))).collect();
    let heights: i32 = sizes.iter().map(|(_, height)| height + ROWS).sum();
    let legs = scene.legs.iter().map(|leg| (leg.from, leg.to));
    let joins = scene.joins.iter().map(|join| (join.a, join.b));
    let ends = joins.chain(legs).filter_map(|(a, b)| {
        let far = match (boxes.contains(&a), boxes.contains(&b)) {
            (true, false) => b,
            (false, true) => a,
            _ => return None,
        };
        columns
            .middle_of(far)
            .or_else(|| columns.middle_of(scene.place(far)))
    });
    let ends: Vec<i32> = ends.collect();
    let wanted = match i32::try_from(ends.len()) {
        Ok(count) if count > 0 => ends.iter().sum::<i32>() / count,
        _ => columns.width / 2,
    };
    Stack {
        width: sizes.iter().map(|(width, _)| *width).max().unwrap_or(0),
        height: heights - ROWS,
        boxes,
        wanted,
    }
}

/// Stacks in so many rows that none is wider than so much; neighbours stay close.
fn in_rows(stacks: Vec<Stack>, width: i32) -> Vec<Vec<Stack>> {
    let widths = stacks.iter().map(|stack| stack.width + BETWEEN);
    let total: i32 = widths.sum();
    let count = usize::try_from(total / width.max(1) + 1).unwrap_or(1);
    let mut rows: Vec<Vec<Stack>> = (0..count).map(|_| Vec::new()).collect();
    for (place, stack) in stacks.into_iter().enumerate() {
        rows[place % count].push(stack);
    }
    rows
}

/// The left edges of a row of stacks: each as near to where it is best as the others let it.
fn spread(row: &[Stack]) -> Vec<i32> {
    // Stacks that touch are a block; a block stands where its stacks are best on average.
    struct Block {
        first: usize,
        count: i32,
        width: i32,
        sum: i32,
    }
    let mut blocks: Vec<Block> = Vec::new();
    for (first, stack) in row.iter().enumerate() {
        let mut block = Block {
            first,
            count: 1,
            width: stack.width,
            sum: stack.wanted - stack.width / 2,
        };
        while let Some(before) = blocks.last() {
            let end = before.sum / before.count + before.width + BETWEEN;
            if end <= block.sum / block.count {
                break;
            }
            let offset = before.width + BETWEEN;
            block = Block {
                first: before.first,
                count: before.count + block.count,
                width: offset + block.width,
                sum: before.sum + block.sum - offset * block.count,
            };
            blocks.pop();
        }
        blocks.push(block);
    }
    let mut lefts = Vec::new();
    let mut end = i32::MIN / 2;
    for block in &blocks {
        let mut x = (block.sum / block.count).div_euclid(GRID) * GRID;
        x = x.max(end);
        let count = usize::try_from(block.count).unwrap_or(0);
        for stack in row.iter().skip(block.first).take(count) {
            lefts.push(x);
            x += stack.width + BETWEEN;
        }
        end = x;
    }
    lefts
}
