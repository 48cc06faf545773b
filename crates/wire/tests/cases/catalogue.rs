//! What the codec says to a case.

use routehub_testkit::cases::{Case, Decision};
use routehub_wire::{Context, Message, Outcome, RouteRefresh, UpdateView, decode, frame};

/// What the codec does with the message of a case.
pub(crate) fn decide(case: &Case) -> Decision {
    let context = case.session.context();
    let length = match frame(&case.message, context.max_len()) {
        Ok(Some(length)) => length,
        Ok(None) => return Decision::action("incomplete"),
        Err(error) => return Decision::notification(error.into()),
    };
    match decode(&case.message[..length], &context) {
        Err(error) => Decision::notification(error.into()),
        Ok(Message::Update(update)) => decision(update.outcome()),
        Ok(Message::RouteRefresh(refresh)) => answer(&refresh, &context),
        Ok(_) => Decision::action("accept"),
    }
}

fn answer(refresh: &RouteRefresh, context: &Context) -> Decision {
    Decision::action(match refresh.applies_to(context) {
        Some(_) => "accept",
        None => "ignore_message",
    })
}

fn decision(outcome: Outcome) -> Decision {
    match outcome {
        Outcome::Accept => Decision::action("accept"),
        Outcome::AttributeDiscard => Decision::action("attribute_discard"),
        Outcome::TreatAsWithdraw => Decision::action("treat_as_withdraw"),
        Outcome::AfiSafiDisable(_) => Decision::action("afi_safi_disable"),
        Outcome::Reset(notification) => Decision::notification(notification),
    }
}

/// The routes that the message of a case leaves, `+` announced with the path or `-` withdrawn.
pub(crate) fn routes(case: &Case) -> Vec<String> {
    match decode(&case.message, &case.session.context()) {
        Ok(Message::Update(view)) => routes_of(&view),
        _ => Vec::new(),
    }
}

fn routes_of(view: &UpdateView<'_>) -> Vec<String> {
    let mut routes = Vec::new();
    for update in view.to_updates().into_iter().flatten() {
        routes.extend(update.withdrawn.iter().map(|nlri| format!("-{nlri}")));
        let path = &update.attrs.as_path;
        let announced = update.announced.iter();
        routes.extend(announced.map(|nlri| format!("+{nlri} path {path}")));
    }
    routes
}
