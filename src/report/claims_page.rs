//! The page of a run of claims: a table of all, and each with its source and its figures. It refers
//! to nothing but the reports of the claims' runs, which lie below its folder.

use maud::{Markup, html};

use crate::report::claims::{JudgedClaim, remarks, summary, verdict_words};
use crate::report::markup::{STYLE, document, machine, scrolling, unread};
use crate::stats::claim::ClaimVerdict;
use crate::texts::{ClaimTexts, Locale};

/// The style of the claims' tables.
pub(super) const CLAIMS_STYLE: &str = "\
    .claims th, .claims td { text-align: left; white-space: normal; max-width: 46ch; }\
    .claims .number { text-align: right; }";

/// What a page on claims is made of.
#[derive(Clone, Copy, Debug)]
pub struct ClaimsReport<'a> {
    pub locale: Locale,
    /// The name of the folder.
    pub run: &'a str,
    pub claims: &'a [JudgedClaim],
    /// Names and values: of the first run.
    pub machine: &'a [(String, String)],
    /// Claims that were not measured, or not as often as they were to be.
    pub missing: &'a [String],
    /// What is wrong with the files, so that it is left out.
    pub unread: &'a [String],
}

/// The whole page. Every text that comes from a file is escaped.
pub fn claims_page(report: &ClaimsReport) -> String {
    let texts = report.locale.texts();
    let words = &texts.claim;
    let body = html! {
        header {
            p.facts { ((texts.page.run)(report.run)) }
            h1 { (words.title) }
            p { (words.about) }
            p.answer { strong { (summary(report.claims, words)) } }
            (unread(report.unread, texts))
            @for why in report.missing { p.notice { (why) } }
        }
        (scrolling(&overview(report.claims, words)))
        @for claim in report.claims { (section(claim, words)) }
        @for remark in remarks(report.claims, words) { p.note { (remark) } }
        @if !report.machine.is_empty() {
            details id="machine" {
                summary { h2 { (texts.page.machine) } }
                (machine(report.machine, texts))
            }
        }
    };
    document(texts, words.title, &[STYLE, CLAIMS_STYLE], &body)
}

fn badge(verdict: ClaimVerdict, text: &str) -> Markup {
    let class = match verdict {
        ClaimVerdict::Holds => "badge valid",
        ClaimVerdict::DoesNotHold => "badge invalid",
        ClaimVerdict::Depends => "badge suspect",
        ClaimVerdict::NotShown => "badge",
    };
    html! { span class=(class) { (text) } }
}

fn overview(claims: &[JudgedClaim], words: &ClaimTexts) -> Markup {
    let [claim_title, says, _, verdict] = words.columns;
    html! {
        table.claims {
            thead { tr {
                th scope="col" { (claim_title) }
                th.number scope="col" { (says) }
                th scope="col" { (verdict) }
            } }
            tbody { @for claim in claims { tr {
                th scope="row" { a href={ "#" (claim.name) } { (claim.text) } }
                td.number { (claim.says) }
                td { (badge(claim.verdict, verdict_words(claim.verdict, words))) }
            } } }
        }
    }
}

fn section(claim: &JudgedClaim, words: &ClaimTexts) -> Markup {
    html! {
        section id=(claim.name) {
            h2 { (claim.text) }
            (judgement(claim, words))
            @if let Some(link) = &claim.link {
                p.note {
                    a href=(link) { (words.run) } " "
                    code { "wslab run claims/" (claim.name) }
                }
            }
        }
    }
}

/// The verdict on a claim, and what it rests on.
pub(super) fn judgement(claim: &JudgedClaim, words: &ClaimTexts) -> Markup {
    html! {
        p {
            (badge(claim.verdict, verdict_words(claim.verdict, words)))
            @if !claim.depends_on.is_empty() { " " (claim.depends_on) }
        }
        p.facts {
            (words.source) ": " (claim.source) ". " ((words.range)(&claim.says, &claim.range))
        }
        @if !claim.figures.is_empty() { (scrolling(&figures(claim, words))) }
        @if !claim.note.is_empty() { p.note { (words.note) ": " (claim.note) } }
    }
}

fn figures(claim: &JudgedClaim, words: &ClaimTexts) -> Markup {
    let [_, _, measured, verdict] = words.columns;
    html! {
        table.claims {
            thead { tr {
                th scope="col" { (words.figure) }
                th.number scope="col" { (measured) }
                th.number scope="col" { (words.trials) }
                th scope="col" { (verdict) }
            } }
            tbody { @for figure in &claim.figures { tr {
                th scope="row" { (figure.figure) }
                td.number { (figure.written) }
                td.number { (figure.trials) }
                td { (badge(figure.verdict, figure.verdict_words(words))) }
            } } }
        }
    }
}
