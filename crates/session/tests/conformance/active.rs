//! Every event in Active.

use crate::table::rows;

rows! { Active
    active_manual_start: ManualStart, Plain => [], Active, live;
    active_manual_stop: ManualStop, Plain => [StopDelayOpen, Drop, ZeroRetryCounter, StopConnectRetry], Idle, live;
    active_manual_stop_delaying_and_notifying: ManualStop, DelayingNotifying => [SendNotification, StopDelayOpen, Drop, ZeroRetryCounter, StopConnectRetry], Idle, live;
    active_automatic_start: AutomaticStart, Plain => [], Active, never "an automatic start is only raised in Idle";
    active_manual_start_passive: ManualStartWithPassiveTcpEstablishment, Passive => [], Active, live;
    active_automatic_start_passive: AutomaticStartWithPassiveTcpEstablishment, Plain => [], Active, never "an automatic start is only raised in Idle";
    active_automatic_start_damped: AutomaticStartWithDampPeerOscillations, Plain => [], Active, never "an automatic start is only raised in Idle";
    active_automatic_start_damped_passive: AutomaticStartWithDampPeerOscillationsAndPassiveTcpEstablishment, Plain => [], Active, never "an automatic start is only raised in Idle";
    active_automatic_stop: AutomaticStop, Plain => [StopConnectRetry, StopDelayOpen, AbandonDial, Drop, CountRetry, Damp], Idle, live;
    active_connect_retry_timer_expires: ConnectRetryTimerExpires, Plain => [StartConnectRetry, Dial], Connect, live;
    active_hold_timer_expires: HoldTimerExpires, Plain => [StopConnectRetry, StopDelayOpen, AbandonDial, Drop, CountRetry, Damp], Idle, never "the timer is not armed in this state";
    active_keepalive_timer_expires: KeepaliveTimerExpires, Plain => [StopConnectRetry, StopDelayOpen, AbandonDial, Drop, CountRetry, Damp], Idle, never "the timer is not armed in this state";
    active_delay_open_timer_expires: DelayOpenTimerExpires, Delaying => [StopConnectRetry, StopDelayOpen, SendOpen, StartLargeHold], OpenSent, live;
    active_idle_hold_timer_expires: IdleHoldTimerExpires, Plain => [StopConnectRetry, StopDelayOpen, AbandonDial, Drop, CountRetry, Damp], Idle, never "the timer is not armed in this state";
    active_tcp_connection_valid: TcpConnectionValid, Plain => [], Active, never "TrackTcpState is not supported: only connections that are up are told of";
    active_tcp_cr_invalid: TcpCrInvalid, Delaying => [Refuse], Active, never "a silent connection gives way to a new one";
    active_tcp_cr_acked_with_delay_open: TcpCrAcked, DelayOpen => [StopConnectRetry, StartDelayOpen], Active, never "an attempt under way makes the state Connect";
    active_tcp_cr_acked: TcpCrAcked, Plain => [StopConnectRetry, SendOpen, StartLargeHold], OpenSent, never "an attempt under way makes the state Connect";
    active_tcp_connection_confirmed_with_delay_open: TcpConnectionConfirmed, DelayOpen => [StopConnectRetry, StartDelayOpen], Active, live;
    active_tcp_connection_confirmed: TcpConnectionConfirmed, Plain => [StopConnectRetry, SendOpen, StartLargeHold], OpenSent, live;
    active_tcp_connection_fails: TcpConnectionFails, Delaying => [StopConnectRetry, StopDelayOpen, Drop, CountRetry, Damp], Idle, live;
    active_bgp_open: BgpOpen, Plain => [StopConnectRetry, StopDelayOpen, AbandonDial, Drop, CountRetry, Damp], Idle, never "a connection here has the DelayOpenTimer running: it is Event 20";
    active_bgp_open_while_delaying: BgpOpenWithDelayOpenTimerRunning, Delaying => [StopConnectRetry, StopDelayOpen, SendOpen, SendKeepalive, StartNegotiatedTimers], OpenConfirm, live;
    active_bgp_header_err_notifying: BgpHeaderErr, DelayingNotifying => [SendNotification, StopConnectRetry, StopDelayOpen, Drop, CountRetry, Damp], Idle, live;
    active_bgp_header_err: BgpHeaderErr, Delaying => [StopConnectRetry, StopDelayOpen, AbandonDial, Drop, CountRetry, Damp], Idle, live;
    active_bgp_open_msg_err_notifying: BgpOpenMsgErr, DelayingNotifying => [SendNotification, StopConnectRetry, StopDelayOpen, Drop, CountRetry, Damp], Idle, live;
    active_bgp_open_msg_err: BgpOpenMsgErr, Delaying => [StopConnectRetry, StopDelayOpen, AbandonDial, Drop, CountRetry, Damp], Idle, live;
    active_open_collision_dump: OpenCollisionDump, Delaying => [StopConnectRetry, StopDelayOpen, AbandonDial, Drop, CountRetry, Damp], Idle, live;
    active_notif_msg_ver_err_while_delaying: NotifMsgVerErr, Delaying => [StopConnectRetry, StopDelayOpen, Drop], Idle, live;
    active_notif_msg_ver_err: NotifMsgVerErr, Plain => [StopConnectRetry, StopDelayOpen, AbandonDial, Drop, CountRetry, Damp], Idle, never "there is no connection that could fail, speak or collide";
    active_notif_msg: NotifMsg, Delaying => [StopConnectRetry, StopDelayOpen, AbandonDial, Drop, CountRetry, Damp], Idle, live;
    active_keep_alive_msg: KeepAliveMsg, Delaying => [StopConnectRetry, StopDelayOpen, AbandonDial, Drop, CountRetry, Damp], Idle, live;
    active_update_msg: UpdateMsg, Delaying => [StopConnectRetry, StopDelayOpen, AbandonDial, Drop, CountRetry, Damp], Idle, live;
    active_update_msg_err: UpdateMsgErr, Plain => [StopConnectRetry, StopDelayOpen, AbandonDial, Drop, CountRetry, Damp], Idle, never "an UPDATE is not read before Established: it is Event 27";
    active_send_hold_timer_expires: SendHoldTimerExpires, Plain => [StopConnectRetry, StopDelayOpen, AbandonDial, Drop, CountRetry, Damp], Idle, never "the timer is not armed in this state";
    active_route_refresh_msg: RouteRefreshMsg, Delaying => [StopConnectRetry, StopDelayOpen, AbandonDial, Drop, CountRetry, Damp], Idle, live;
}
